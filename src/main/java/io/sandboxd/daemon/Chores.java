package io.sandboxd.daemon;

import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Does what must be done, on a thread that may wait. If the host gives no more threads now, it is
 * done when it does: who hands something over has no way to try again.
 */
final class Chores implements Executor {
  private static final Logger LOG = Logger.getLogger(Chores.class);
  private static final long RETRY_MILLIS = 100;

  private final Executor threads;
  private final ScheduledExecutorService timer;

  /**
   * @param timer has its thread already
   */
  Chores(Executor threads, ScheduledExecutorService timer) {
    this.threads = threads;
    this.timer = timer;
  }

  @Override
  public void execute(Runnable chore) {
    try {
      threads.execute(() -> run(chore));
    } catch (OutOfMemoryError e) { // "unable to create native thread"
      var unused = timer.schedule(() -> execute(chore), RETRY_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private static void run(Runnable chore) {
    try {
      chore.run();
    } catch (RuntimeException e) {
      LOG.error("A chore could not be done.", e);
    }
  }
}
