package io.sandboxd.lifecycle;

import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/**
 * The OOM killer's liking for a process (proc_pid_oom_score_adj(5)). Root of a user namespace may
 * not write it, so init is given the value for as long as it takes to fork: a child inherits it.
 */
final class OomScore {
  private OomScore() {}

  /**
   * @param init of the sandbox, on the host; no other verb may run on it meanwhile
   * @param adjustment null: as it is
   */
  static <T> T with(Syscalls syscalls, int init, Integer adjustment, Supplier<T> fork) {
    if (adjustment == null) {
      return fork.get();
    }
    write(syscalls, init, adjustment);
    try {
      return fork.get();
    } finally {
      write(syscalls, init, 0);
    }
  }

  /**
   * Makes init, and with it all that it will fork, no more precious than other processes. The
   * daemon may be, and init is its child.
   */
  static void reset(Syscalls syscalls, int init) {
    write(syscalls, init, 0);
  }

  private static void write(Syscalls syscalls, int pid, int adjustment) {
    String path = "/proc/" + pid + "/oom_score_adj";
    try (Fd fd = syscalls.open(path, Syscalls.O_WRONLY, 0)) {
      syscalls.writeAll(fd, Integer.toString(adjustment).getBytes(StandardCharsets.US_ASCII));
    } catch (ErrnoException e) {
      throw new SandboxException(
              ErrorCode.LAUNCH_FAILED,
              "oomScoreAdj: the kernel refused "
                  + adjustment
                  + " ("
                  + e.errnoName()
                  + "); a lower one than the daemon's own needs CAP_SYS_RESOURCE: use 0 or more.",
              e)
          .with("step", "set oom_score_adj")
          .with("field", "oomScoreAdj")
          .with("syscall", e.syscall())
          .with("path", path)
          .with("errno", e.errno())
          .with("errnoName", e.errnoName());
    }
  }
}
