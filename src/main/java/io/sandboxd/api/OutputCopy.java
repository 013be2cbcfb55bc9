package io.sandboxd.api;

import io.sandboxd.lifecycle.ReadOutput.Opened;
import io.sandboxd.process.OutputReader;
import io.sandboxd.process.OutputReader.Bytes;
import io.sandboxd.process.OutputReader.Part;
import io.sandboxd.process.OutputReader.Pause;
import io.sandboxd.process.ProcessStreams;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Sends a client what a reader gives, as fast as the client takes it and no faster. All on the
 * connection's event loop, save for the reading itself.
 */
final class OutputCopy {
  private static final int QUEUE = 64 * 1024;

  private final RoutingContext context;
  private final Context loop;
  private final ProcessStreams streams;
  private final HttpServerResponse response;
  private final Runnable watcher = this::wake;
  private final AtomicBoolean woken = new AtomicBoolean();
  private OutputReader reader;
  private long left = Long.MAX_VALUE;
  private boolean reading;
  private boolean again;
  private boolean over;

  OutputCopy(RoutingContext context, Context loop, ProcessStreams streams) {
    this.context = context;
    this.loop = loop;
    this.streams = streams;
    this.response = context.response();
  }

  /** There may be more; on any thread, and maybe far more often than there is time to look. */
  void wake() {
    if (woken.compareAndSet(false, true)) {
      loop.runOnContext(
          now -> {
            woken.set(false);
            pump();
          });
    }
  }

  /** The head must be set by now. */
  void start(Opened opened) {
    reader = opened.reader();
    if (response.closed()) {
      finish();
      return;
    }
    response.setWriteQueueMaxSize(QUEUE);
    response.closeHandler(gone -> finish());
    response.exceptionHandler(broken -> finish());
    if (opened.end() == null) {
      streams.watch(watcher);
      // The client shall know where the answer begins before there is anything to read.
      response.write(Buffer.buffer());
    } else {
      left = opened.end() - opened.offset();
    }
    pump();
  }

  private void pump() {
    if (over || reader == null) {
      return;
    }
    if (reading || response.writeQueueFull()) {
      again = true;
      return;
    }
    reading = true;
    again = false;
    context
        .vertx()
        .executeBlocking(reader::next, false)
        .onComplete(
            done -> {
              reading = false;
              if (done.succeeded()) {
                send(done.result());
              } else {
                cutOff();
              }
            });
  }

  private void send(Part part) {
    if (over) {
      return;
    }
    if (part instanceof Bytes some) {
      left -= some.bytes().length;
      response.write(Buffer.buffer(some.bytes()));
      goOn();
    } else if (part == Pause.NOTHING_YET) {
      if (again) {
        pump();
      }
    } else if (part == Pause.END && (left <= 0 || left > Long.MAX_VALUE / 2)) {
      finish();
      response.end();
    } else {
      cutOff();
    }
  }

  /** The write may have gone out at once, and what came then was the end. */
  private void goOn() {
    if (over) {
      return;
    }
    if (response.writeQueueFull()) {
      response.drainHandler(drained -> pump());
    } else {
      pump();
    }
  }

  /**
   * The client shall see that it has not got all: what it reads next was forgotten meanwhile, or is
   * not there any more. It can ask again from where it stands.
   */
  private void cutOff() {
    finish();
    context.request().connection().close();
  }

  private void finish() {
    if (!over) {
      over = true;
      streams.forget(watcher);
      reader.close();
    }
  }
}
