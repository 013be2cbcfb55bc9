package io.sandboxd.lifecycle;

import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.SandboxException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for the end of a process that may be over in a moment, as many commands are. */
public final class AwaitEnd {
  /** To have another thread woken takes about as long. */
  private static final Duration MOMENT = Duration.ofMillis(2);

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
    try {
      await(process, end);
      return true;
    } catch (CancellationException | ExecutionException e) {
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      process.settle();
    }
  }

  private void await(SandboxProcess process, Future<?> end)
      throws InterruptedException, ExecutionException, TimeoutException {
    try {
      inits.channel(process.sandbox()).await(end, MOMENT);
    } catch (SandboxException e) {
      // Its init is gone: somebody else ends it.
      end.get(MOMENT.toMillis(), TimeUnit.MILLISECONDS);
    }
  }
}
