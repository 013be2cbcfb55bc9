package io.sandboxd.lifecycle;

import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.SandboxException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for the end of a process that may be over in a moment, as many commands are. */
public final class AwaitEnd {
  /** To have another thread woken takes about as long. */
  private static final long MOMENT_MILLIS = 2;

  private final Inits inits;

  public AwaitEnd(Inits inits) {
    this.inits = inits;
  }

  /**
   * Whether it has ended, or nobody waits for it any more, after a moment at most. What goes on is
   * on file.
   *
   * @param end of this process
   */
  public boolean isSoon(SandboxProcess process, Future<?> end) {
    boolean soon = waitFor(process.sandbox(), end);
    process.settle();
    return soon;
  }

  private boolean waitFor(Sandbox sandbox, Future<?> end) {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(MOMENT_MILLIS);
    attend(sandbox, end);
    try {
      end.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
      return true;
    } catch (CancellationException | ExecutionException e) {
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void attend(Sandbox sandbox, Future<?> end) {
    try {
      inits.channel(sandbox).attend(end, MOMENT_MILLIS);
    } catch (SandboxException e) {
      // Its init is gone: somebody else ends it.
    }
  }
}
