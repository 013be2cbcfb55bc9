package io.sandboxd.api;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.sandboxd.events.AuditLog;
import io.sandboxd.events.AuditedCall;
import io.sandboxd.events.Event;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.sandbox.Caller;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.Logger;

/**
 * Notes every call that is to change something, also those that are refused. No call waits for it:
 * what cannot be written as fast as it happens is counted, and the count is logged.
 */
@Singleton
public final class AuditTrail {
  private static final Logger LOG = Logger.getLogger(AuditTrail.class);

  /** Before all who refuse anything. */
  private static final int PRIORITY = 990;

  private static final int QUEUE = 4_096;
  private static final long PATIENCE_MILLIS = 1_000;

  private interface Note {
    void write();
  }

  private final AuditLog events;
  private final AuditSink sink;
  private final BlockingQueue<Note> queue = new ArrayBlockingQueue<>(QUEUE);
  private final AtomicLong lost = new AtomicLong();

  AuditTrail(AuditLog events, AuditSink sink) {
    this.events = events;
    this.sink = sink;
    Thread writer = new Thread(this::write, "audit");
    writer.setDaemon(true);
    writer.start();
  }

  void register(@Observes Filters filters) {
    filters.register(this::watch, PRIORITY);
  }

  private void watch(RoutingContext context) {
    Call call = Call.of(context);
    if (call.isChange()) {
      context.addEndHandler(ended -> note(audited(call, context.response())));
    }
    context.next();
  }

  private void note(Event event) {
    boolean taken =
        queue.offer(
            () -> {
              events.log().tell(event);
              sink.write(event);
            });
    if (!taken) {
      lost.incrementAndGet();
    }
  }

  private static Event audited(Call call, HttpServerResponse response) {
    Caller caller = call.caller();
    Sandbox sandbox = call.sandbox();
    boolean answered = response.headWritten();
    AuditedCall audited =
        new AuditedCall(
            call.time(),
            caller.uid(),
            caller.gid(),
            caller.pid(),
            call.peer().unit(),
            call.method().name(),
            call.endpoint() == null ? null : call.endpoint().path(),
            sandbox == null ? call.subject() : sandbox.name(),
            call.process(),
            answered ? response.getStatusCode() : null,
            call.problem() == null ? null : call.problem().word(),
            TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - call.startNanos()));
    return Event.audit(sandbox == null ? null : Event.Subject.of(sandbox.status()), audited);
  }

  private void write() {
    try {
      while (true) {
        try {
          queue.take().write();
        } catch (RuntimeException e) {
          LOG.error("An entry of the audit cannot be written.", e);
        }
        long missing = lost.getAndSet(0);
        if (missing > 0) {
          LOG.warnf(
              "%d calls are not in the audit: they came faster than it can be written.", missing);
        }
      }
    } catch (InterruptedException e) {
      // The daemon ends.
    }
  }

  /** Returns when all that was noted is written, or after a second. */
  public void flush() {
    CountDownLatch written = new CountDownLatch(1);
    try {
      if (queue.offer(written::countDown, PATIENCE_MILLIS, TimeUnit.MILLISECONDS)
          && !written.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
        LOG.warn("The audit's last entries could not be written in time.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
