package io.sandboxd.daemon;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * Tells the service manager at half of the time it grants that the daemon is alive
 * (sd_watchdog_enabled(3)). It is when each of its threads that serve everybody gets things done: a
 * single one that is stuck keeps the word back, and the service manager starts another daemon.
 */
final class Watchdog implements AutoCloseable {
  private final NotifySocket notify;
  private final long periodMicros;
  private final List<Executor> watched;
  private final Thread thread = new Thread(this::run, "watchdog");

  /**
   * @param periodMicros 0: it has nothing to do
   */
  Watchdog(NotifySocket notify, long periodMicros, List<Executor> watched) {
    this.notify = notify;
    this.periodMicros = periodMicros;
    this.watched = List.copyOf(watched);
    if (periodMicros > 0) {
      thread.setDaemon(true);
      thread.start();
    }
  }

  /**
   * How often to tell.
   *
   * @param environment WATCHDOG_USEC, and WATCHDOG_PID if it is meant for one process alone
   * @param pid this process's
   * @return microseconds; 0 when nobody wants to know
   */
  static long period(Map<String, String> environment, long pid) {
    String usec = environment.getOrDefault("WATCHDOG_USEC", "");
    String self = Long.toString(pid);
    return usec.matches("[0-9]{1,18}")
            && environment.getOrDefault("WATCHDOG_PID", self).equals(self)
        ? Long.parseLong(usec) / 2
        : 0;
  }

  private void run() {
    try {
      while (true) {
        CompletableFuture.allOf(
                watched.stream().map(Watchdog::pass).toArray(CompletableFuture[]::new))
            .get();
        notify.tell("WATCHDOG=1");
        TimeUnit.MICROSECONDS.sleep(periodMicros);
      }
    } catch (InterruptedException e) {
      // The daemon ends.
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private static CompletableFuture<Void> pass(Executor thread) {
    return CompletableFuture.runAsync(() -> {}, thread);
  }

  /** The threads it watches may end now. */
  @Override
  public void close() {
    thread.interrupt();
  }
}
