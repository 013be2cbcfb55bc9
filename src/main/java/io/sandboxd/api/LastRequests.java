package io.sandboxd.api;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Lets clients that have come in get their answer before the daemon ends, once nobody else can come
 * in.
 */
@Singleton
public final class LastRequests {
  private static final int PRIORITY = 998;

  /**
   * Who has just connected, or has an answer, may be about to ask something, even where many wait
   * for the CPU.
   */
  private static final Duration QUIET = Duration.ofSeconds(1);

  /** Those who wait or follow know how to go on with the next daemon. */
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  /** For clients that are taking theirs: what a run has written is nowhere else. */
  private static final Duration MOST = Duration.ofSeconds(30);

  private static final long LOOK_NANOS = 10_000_000;

  private final IdleConnections connections;
  private volatile boolean ending;

  LastRequests(IdleConnections connections) {
    this.connections = connections;
  }

  void register(@Observes Filters filters) {
    filters.register(this::closeAfterAnswer, PRIORITY);
  }

  private void closeAfterAnswer(RoutingContext context) {
    if (ending) {
      context.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
      context.addEndHandler(answered -> context.request().connection().close());
    }
    context.next();
  }

  /** Returns when no answer is owed any more and each has been taken, or after some seconds. */
  public void await() {
    ending = true;
    long start = System.nanoTime();
    while (!connections.areQuiet(QUIET) && System.nanoTime() - start < PATIENCE.toNanos()) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
    long unsent = connections.unsent();
    long progress = System.nanoTime();
    while (unsent > 0
        && System.nanoTime() - progress < QUIET.toNanos()
        && System.nanoTime() - start < MOST.toNanos()) {
      LockSupport.parkNanos(LOOK_NANOS);
      long now = connections.unsent();
      progress = now < unsent ? System.nanoTime() : progress;
      unsent = now;
    }
  }
}
