package io.sandboxd.lifecycle;

import io.sandboxd.registry.Sandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
  BLANK_NOTED,
  BLANK_CGROUP,
  BLANK_SPAWNED,
  BLANK_ENTERED,
  BLANK_MADE,
  BLANK_POOLED,
  CLAIM_LIMITED,
  CLAIM_RECORDED,
  CLAIM_MOVED,
  CREATE_RESERVED,
  CREATE_CGROUP,
  CREATE_LAYER,
  CREATE_SPAWNED,
  CREATE_ENTERED,
  CREATE_RECORDED,
  CREATE_CONNECTED,
  CREATE_FURNISHED,
  CREATE_DONE,
  START_DONE,
  EXEC_ADDED,
  EXEC_INTENDED,
  EXEC_OPENED,
  EXEC_SPAWNED,
  EXEC_DONE,
  KILL_NOTED,
  KILL_SENT,
  PAUSE_FROZEN,
  RESUME_THAWED,
  DELETE_BEGUN,
  DELETE_KILLED,
  DELETE_INIT,
  DELETE_NETWORK,
  DELETE_CGROUP,
  DELETE_LAYER,
  DELETE_DONE,
  RECOVER_READ,
  RECOVER_REACHED,
  RECOVER_SETTLED;

  private static final int SIGKILL_STATUS = 137;
  private static final String DAEMON = "daemon:";
  private static final String INIT = "init:";
  private static final String FILE = "file:";

  /** Null: none. */
  private static volatile Choice chosen;

  /** Where the choice is looked up each time, so that it can change; null: nowhere. */
  private static volatile Path file;

  private record Choice(Fault fault, boolean init) {}

  /** {@code create.cgroup}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '.');
  }

  /**
   * @param setting as described above, {@code file:PATH} of a file that has it, or empty for none
   * @throws IllegalArgumentException that says what there is
   */
  public static void choose(String setting) {
    if (setting.startsWith(FILE)) {
      file = Path.of(setting.substring(FILE.length()));
    } else {
      chosen = parse(setting);
    }
  }

  private static Choice parse(String setting) {
    if (setting.isEmpty()) {
      return null;
    }
    boolean init = setting.startsWith(INIT);
    String word = setting.substring(setting.indexOf(':') + 1);
    return Arrays.stream(values())
        .filter(fault -> fault.word().equals(word) && (init || setting.startsWith(DAEMON)))
        .findFirst()
        .map(fault -> new Choice(fault, init))
        .orElseThrow(
            () -> new IllegalArgumentException("must be daemon: or init: and one of " + words()));
  }

  private static String words() {
    return Arrays.stream(values()).map(Fault::word).collect(Collectors.joining(", "));
  }

  private static Choice choice() {
    try {
      return file == null ? chosen : parse(Files.readString(file));
    } catch (IOException e) {
      return null;
    }
  }

  /** The step is done. */
  void here(Sandbox sandbox) {
    here(sandbox == null ? null : sandbox.status().pid());
  }

  /**
   * @param init its pid; null if there is none that is known
   */
  void here(Integer init) {
    Choice choice = choice();
    if (choice == null || choice.fault() != this) {
      return;
    }
    if (!choice.init()) {
      Runtime.getRuntime().halt(SIGKILL_STATUS);
    }
    if (init != null) {
      ProcessHandle.of(init).ifPresent(ProcessHandle::destroyForcibly);
    }
  }
}
