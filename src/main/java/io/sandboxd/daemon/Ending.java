package io.sandboxd.daemon;

import io.quarkus.runtime.ShutdownEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/**
 * What is to be done before the daemon ends, once. A signal takes the application apart on a thread
 * of its own, while the main one still wakes up: only the event makes that wait.
 */
@Singleton
final class Ending {
  /** Before all others. */
  private static final int FIRST = 1;

  private Runnable last = () -> {};

  synchronized void prepare(Runnable action) {
    last = action;
  }

  /** Whoever comes second waits for the first. */
  synchronized void run() {
    Runnable action = last;
    last = () -> {};
    action.run();
  }

  void stopping(@Observes @Priority(FIRST) ShutdownEvent event) {
    run();
  }
}
