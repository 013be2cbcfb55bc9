package io.sandboxd.api;

import io.sandboxd.events.EncodedEvent;
import io.sandboxd.events.EventLog;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One client that is told of events. It stands somewhere in the log and goes on as fast as it
 * reads, so it costs the same whether it is fast or slow; one that is so slow that the log has
 * forgotten what comes next is cut off. All on the connection's event loop.
 */
final class EventStream {
  private static final int QUEUE = 64 * 1024;
  private static final int AT_ONCE = 64;

  private final EventLog log;
  private final EventFilter filter;
  private final EventForm form;
  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private final Context loop;
  private final Consumer<EventStream> whenOver;
  private final boolean follow;
  private long position;
  private boolean caughtUp;
  private boolean over;

  /**
   * @param position the id of the event behind which it begins
   * @param follow whether to wait for what happens from now on
   * @param whenOver called once, on the loop
   */
  EventStream(
      EventLog log,
      EventFilter filter,
      EventForm form,
      long position,
      boolean follow,
      HttpServerRequest request,
      Context loop,
      Consumer<EventStream> whenOver) {
    this.log = log;
    this.filter = filter;
    this.form = form;
    this.position = position;
    this.follow = follow;
    this.request = request;
    this.response = request.response();
    this.loop = loop;
    this.whenOver = whenOver;
  }

  /**
   * The head must be set by now.
   *
   * @param first what the client is to be told before all events; may be empty
   */
  void start(Buffer first) {
    response.setChunked(true);
    response.setWriteQueueMaxSize(QUEUE);
    response.closeHandler(gone -> finish());
    response.exceptionHandler(broken -> finish());
    // The client shall know that it is heard before there is anything to tell.
    response.write(first);
    pump();
  }

  /** There may be something new; on any thread. */
  void wake() {
    loop.runOnContext(woken -> pump());
  }

  /** Some time has gone by; on any thread. */
  void beat() {
    loop.runOnContext(
        woken -> {
          if (!over && caughtUp && !response.writeQueueFull()) {
            response.write(form.position(position));
          }
        });
  }

  private void pump() {
    while (!over) {
      Optional<List<EncodedEvent>> next = log.after(position, AT_ONCE);
      if (next.isEmpty()) {
        cutOff();
      } else if (next.get().isEmpty()) {
        catchUp();
        return;
      } else if (response.writeQueueFull()) {
        response.drainHandler(drained -> pump());
        return;
      } else {
        send(next.get());
      }
    }
  }

  /** It knows the past, if it asked for it; from here on it is told what happens as it does. */
  private void catchUp() {
    if (!caughtUp) {
      caughtUp = true;
      response.write(form.position(position));
      if (!follow) {
        finish();
        response.end();
      }
    }
  }

  private void send(List<EncodedEvent> events) {
    Buffer lines = Buffer.buffer();
    for (EncodedEvent event : events) {
      if (filter.wants(event)) {
        form.write(lines, event);
      }
      position = event.id();
    }
    if (lines.length() > 0) {
      response.write(lines);
    }
  }

  /** The answer has no proper end, so the client sees that something is missing, and comes back. */
  private void cutOff() {
    finish();
    request.connection().close();
  }

  private void finish() {
    if (!over) {
      over = true;
      whenOver.accept(this);
    }
  }
}
