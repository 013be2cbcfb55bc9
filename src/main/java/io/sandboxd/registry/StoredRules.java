package io.sandboxd.registry;

import io.sandboxd.sandbox.ExitStatus;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxStatus;
import java.util.Objects;

/**
 * What must be so in the daemon's own files for the rest of it to go by them. The files are well
 * guarded; but one that was damaged, or put there by somebody else, shall cost one sandbox and
 * nothing beyond.
 */
final class StoredRules {
  private StoredRules() {}

  /**
   * @param id by which it lies there
   * @throws IllegalStateException that says what is wrong
   */
  static void check(SandboxStatus status, String id) {
    require(id.equals(status.id()), "it is that of another id");
    require(status.name() != null && status.name().matches(SandboxSpec.NAME), "its name is none");
    present("state", status.state());
    present("labels", status.labels());
    present("createdAt", status.createdAt());
    present("resources", status.resources());
    present("spec", status.spec());
    require(
        (status.pid() == null) == (status.initStartTicks() == null),
        "pid and initStartTicks are not both there");
    require(status.pid() == null || status.pid() > 1, "pid is no init's");
    check(status.exit());
  }

  /**
   * @param seq by which it lies there
   * @throws IllegalStateException that says what is wrong
   */
  static void check(ProcessStatus status, int seq) {
    require(status.seq() == seq, "it is that of another number");
    require(status.id() != null && status.id().matches(SandboxSpec.NAME), "its id is none");
    present("args", status.args());
    present("state", status.state());
    present("startedAt", status.startedAt());
    present("terms", status.terms());
    if (status.state() == ProcessStatus.State.EXITED) {
      present("exitedAt", status.exitedAt());
      present("exit", status.exit());
      check(status.exit());
    }
  }

  private static void check(ExitStatus exit) {
    if (exit != null) {
      present("exit.reason", exit.reason());
    }
  }

  private static void present(String field, Object value) {
    require(Objects.nonNull(value), field + " is not there");
  }

  private static void require(boolean so, String otherwise) {
    if (!so) {
      throw new IllegalStateException("The stored state cannot be true: " + otherwise + ".");
    }
  }
}
