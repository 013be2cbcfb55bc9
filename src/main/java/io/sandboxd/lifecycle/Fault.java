package io.sandboxd.lifecycle;

import io.sandboxd.registry.Sandbox;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The steps of the verbs at which tests have the daemon, or the sandbox's init, die: as by SIGKILL,
 * without a word. Which one is a setting ({@code sandboxd.fault}) that nobody sets in earnest:
 * {@code daemon:create.cgroup}, {@code init:exec.spawned}. Each is named for what has just been
 * done.
 */
public enum Fault {
  CREATE_RESERVED,
  CREATE_CGROUP,
  CREATE_LAYER,
  CREATE_SPAWNED,
  CREATE_ENTERED,
  CREATE_RECORDED,
  CREATE_FURNISHED,
  CREATE_DONE,
  START_DONE,
  EXEC_ADDED,
  EXEC_OPENED,
  EXEC_SPAWNED,
  EXEC_DONE,
  KILL_NOTED,
  KILL_SENT,
  DELETE_BEGUN,
  DELETE_KILLED,
  DELETE_INIT,
  DELETE_CGROUP,
  DELETE_LAYER,
  DELETE_DONE,
  RECOVER_READ,
  RECOVER_REACHED,
  RECOVER_SETTLED;

  private static final int SIGKILL_STATUS = 137;
  private static final String DAEMON = "daemon:";
  private static final String INIT = "init:";

  private static volatile Fault chosen;
  private static volatile boolean initDies;

  /** {@code create.cgroup}. */
  String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '.');
  }

  /**
   * @param setting as described above; empty for none
   * @throws IllegalArgumentException that says what there is
   */
  public static void choose(String setting) {
    if (setting.isEmpty()) {
      return;
    }
    initDies = setting.startsWith(INIT);
    String word = setting.substring(setting.indexOf(':') + 1);
    chosen =
        Arrays.stream(values())
            .filter(f -> f.word().equals(word) && (initDies || setting.startsWith(DAEMON)))
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException("must be daemon: or init: and one of " + words()));
  }

  public static String words() {
    return Arrays.stream(values()).map(Fault::word).collect(Collectors.joining(", "));
  }

  /** The step is done. */
  void here(Sandbox sandbox) {
    if (chosen != this) {
      return;
    }
    if (!initDies) {
      Runtime.getRuntime().halt(SIGKILL_STATUS);
    }
    Integer init = sandbox == null ? null : sandbox.status().pid();
    if (init != null) {
      ProcessHandle.of(init).ifPresent(ProcessHandle::destroyForcibly);
    }
  }
}
