package io.sandboxd.cgroup;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;

/** Sends a signal to one process of the host. */
@FunctionalInterface
public interface ProcessSignal {
  /**
   * A process that has gone meanwhile is no failure.
   *
   * @param pid a process as the host numbers it
   * @param signo signal(7)
   */
  void send(int pid, int signo);

  /** By pidfd. The group is frozen meanwhile, so that the pid is still that of the one listed. */
  static ProcessSignal by(Syscalls syscalls) {
    return (pid, signo) -> {
      try (Fd pidfd = syscalls.pidfdOpen(pid)) {
        syscalls.pidfdSendSignal(pidfd, signo);
      } catch (ErrnoException e) {
        if (e.errno() != Errno.ESRCH) {
          throw e;
        }
      }
    };
  }
}
