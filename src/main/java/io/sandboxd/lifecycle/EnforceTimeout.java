package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.ExitStatus;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.Signal;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Ends processes whose time is up: TERM for their process group and, after a while, KILL for all
 * that is left of their session.
 */
public final class EnforceTimeout {
  private final Syscalls syscalls;
  private final Inits inits;
  private final Cgroups cgroups;
  private final ScheduledExecutorService timer;
  private final Executor chores;

  public EnforceTimeout(
      Syscalls syscalls,
      Inits inits,
      Cgroups cgroups,
      ScheduledExecutorService timer,
      Executor chores) {
    this.syscalls = syscalls;
    this.inits = inits;
    this.cgroups = cgroups;
    this.timer = timer;
    this.chores = chores;
  }

  /** Also for one that was started by a former daemon. */
  void watch(SandboxProcess process) {
    Instant deadline = process.status().terms().deadline();
    if (deadline != null) {
      Future<?> pending = after(Duration.between(Instant.now(), deadline), () -> expire(process));
      var unused = process.ended().thenRun(() -> pending.cancel(false));
    }
  }

  private Future<?> after(Duration delay, Runnable action) {
    return timer.schedule(
        () -> chores.execute(action), Math.max(0, delay.toNanos()), TimeUnit.NANOSECONDS);
  }

  private void expire(SandboxProcess process) {
    if (process.hasEnded()) {
      return;
    }
    process.doom(ExitStatus.Reason.timeout, Signal.TERM.number(), null);
    terminate(process);
    // Even if the process itself has ended by then: what it started is to end with it.
    var unused = after(Timeouts.GRACE, () -> killSession(process));
  }

  /**
   * By its parent, which so can name the whole group. A group whose leader has ended is no longer
   * ours to name.
   */
  private void terminate(SandboxProcess process) {
    try {
      inits.channel(process.sandbox()).signal(process.seq(), Signal.TERM.number(), true);
    } catch (SandboxException | ErrnoException e) {
      // Init is gone, and the process with it.
    }
  }

  /** Each process has a session of its own, whose number is its pid (setsid(2)). */
  private void killSession(SandboxProcess process) {
    process.signal(syscalls, Signal.KILL.number());
    Integer session = process.status().pid();
    if (session == null) {
      return;
    }
    for (int pid : cgroups.of(process.sandbox().id()).pids()) {
      if (ProcessStat.session(pid) == session) {
        killMember(pid, session);
      }
    }
  }

  private void killMember(int pid, int session) {
    try (Fd pidfd = syscalls.pidfdOpen(pid)) {
      // It may have become another's number; now that it is held it cannot any more.
      if (ProcessStat.session(pid) == session) {
        syscalls.pidfdSendSignal(pidfd, Signal.KILL.number());
      }
    } catch (ErrnoException e) {
      // It has ended by itself.
    }
  }
}
