package io.sandboxd.lifecycle;

import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.ExitStatus;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.Signal;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Ends processes whose time is up: TERM for their process group, and KILL when that does not help.
 */
public final class EnforceTimeout {
  private final Syscalls syscalls;
  private final Inits inits;
  private final ScheduledExecutorService timer;

  public EnforceTimeout(Syscalls syscalls, Inits inits, ScheduledExecutorService timer) {
    this.syscalls = syscalls;
    this.inits = inits;
    this.timer = timer;
  }

  void watch(SandboxProcess process, Duration limit) {
    after(process, limit, () -> expire(process));
  }

  private void expire(SandboxProcess process) {
    if (process.hasEnded()) {
      return;
    }
    process.doom(ExitStatus.Reason.timeout, Signal.TERM.number(), null);
    signal(process, Signal.TERM);
    after(
        process,
        Timeouts.GRACE,
        () -> {
          signal(process, Signal.KILL);
          // Its init may have been stopped from inside.
          process.signal(syscalls, Signal.KILL.number());
        });
  }

  private void after(SandboxProcess process, Duration delay, Runnable action) {
    Future<?> pending = timer.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
    var unused = process.ended().thenRun(() -> pending.cancel(false));
  }

  /**
   * By its parent, which so can name the whole group. A group whose leader has ended is no longer
   * ours to name.
   */
  private void signal(SandboxProcess process, Signal signal) {
    try {
      inits.channel(process.sandbox()).signal(process.seq(), signal.number(), true);
    } catch (SandboxException | ErrnoException e) {
      // Init is gone, and the process with it.
    }
  }
}
