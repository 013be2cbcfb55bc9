package io.sandboxd.lifecycle;

import io.sandboxd.launch.SandboxInit;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec.IdMappings;
import java.nio.file.Path;
import java.util.function.IntSupplier;

/** Starts an init, has it enter its namespaces, and gets hold of what it has become there. */
public final class LaunchInit {
  private final Syscalls syscalls;
  private final SandboxInit init;
  private final Inits inits;

  public LaunchInit(Syscalls syscalls, SandboxInit init, Inits inits) {
    this.syscalls = syscalls;
    this.init = init;
    this.inits = inits;
  }

  /**
   * An init in its namespaces.
   *
   * @param pidfd names it for sure; whoever has this closes it
   * @param startTicks what tells it from a later process of its pid
   */
  record Launched(int pid, Fd pidfd, long startTicks) {}

  /**
   * @param socket where it shall listen
   * @param name null for a blank
   * @param ids of its new user namespace; null if it gets none
   * @param enter connects to it and has it run its first plan; gives its new pid
   * @param spawned where tests may end all this, as {@code entered}
   * @throws SandboxException {@code launch_failed}; the init is ended then
   */
  Launched launch(
      Path socket, String name, IdMappings ids, IntSupplier enter, Fault spawned, Fault entered) {
    int launcher = init.start(socket.toString(), name);
    spawned.here((Integer) null);
    int pid;
    try {
      pid = enter.getAsInt();
    } catch (RuntimeException e) {
      endLauncher(launcher);
      throw e;
    }
    entered.here(pid);
    syscalls.reapChild(launcher);
    OomScore.reset(syscalls, pid);
    Fd pidfd = syscalls.pidfdOpen(pid);
    try {
      long startTicks = startTicks(pid);
      if (ids != null) {
        HostIds.write(syscalls, pid, ids);
      }
      return new Launched(pid, pidfd, startTicks);
    } catch (RuntimeException e) {
      inits.end(pidfd);
      throw e;
    }
  }

  private static long startTicks(int pid) {
    Long ticks = ProcessStat.startTicks(pid);
    if (ticks == null) {
      throw new SandboxException(ErrorCode.LAUNCH_FAILED, "Its init was killed meanwhile.")
          .with("step", "init");
    }
    return ticks;
  }

  /** Not reaped yet, so the pid is still its own. */
  private void endLauncher(int launcher) {
    try {
      inits.end(syscalls.pidfdOpen(launcher));
    } catch (ErrnoException e) {
      syscalls.endChild(launcher); // no descriptor is left to wait with
    }
  }
}
