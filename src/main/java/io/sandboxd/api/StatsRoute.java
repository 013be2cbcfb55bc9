package io.sandboxd.api;

import io.sandboxd.lifecycle.ReadStats;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.json.SpecJson;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Set;

/** What a sandbox uses: once, or again and again as long as it is there. */
@Singleton
final class StatsRoute {
  static final RawRoute ROUTE =
      new RawRoute(HttpMethod.GET, "/v1/sandboxes/{name}/stats", Set.of("stream", "interval"));

  private static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final Duration SHORTEST = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofHours(1);

  private final ReadStats stats;

  StatsRoute(ReadStats stats) {
    this.stats = stats;
  }

  void register(@Observes Router router) {
    ROUTE.on(router).handler(this::answer);
  }

  private void answer(RoutingContext context) {
    ROUTE.refuseUnknown(context);
    MultiMap query = context.queryParams();
    Sandbox sandbox = Call.of(context).sandbox();
    if (Query.flag("stream", query.get("stream"))) {
      EventForm form = EventForm.of(context.request().getHeader(HttpHeaders.ACCEPT));
      new Stream(context, sandbox, form, interval(query.get("interval"))).start();
      return;
    }
    if (query.contains("interval")) {
      throw SandboxException.invalid("interval", "is of use with stream=true only");
    }
    context
        .vertx()
        .executeBlocking(() -> SpecJson.write(stats.stats(sandbox)), false)
        .onFailure(context::fail)
        .onSuccess(
            json ->
                context
                    .response()
                    .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                    .end(Buffer.buffer(json)));
  }

  private static Duration interval(String value) {
    Duration interval = value == null ? INTERVAL : Query.duration("interval", value);
    if (interval.compareTo(SHORTEST) < 0 || interval.compareTo(LONGEST) > 0) {
      throw SandboxException.invalid("interval", "must be from 100ms to 1h");
    }
    return interval;
  }

  /** All on the connection's event loop, save for the reading itself. */
  private final class Stream {
    private final RoutingContext context;
    private final HttpServerResponse response;
    private final Sandbox sandbox;
    private final EventForm form;
    private final long millis;
    private long timer;
    private boolean over;

    Stream(RoutingContext context, Sandbox sandbox, EventForm form, Duration interval) {
      this.context = context;
      this.response = context.response();
      this.sandbox = sandbox;
      this.form = form;
      this.millis = interval.toMillis();
    }

    void start() {
      response
          .putHeader(HttpHeaders.CONTENT_TYPE, form.mediaType())
          .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
          .setChunked(true);
      response.closeHandler(gone -> finish());
      response.exceptionHandler(broken -> finish());
      look();
    }

    private void look() {
      context
          .vertx()
          .executeBlocking(() -> SpecJson.write(stats.stats(sandbox)), false)
          .onComplete(
              done -> {
                if (over) {
                  return;
                }
                if (done.failed()) {
                  // Mostly it was deleted.
                  finish();
                  response.end();
                  return;
                }
                send(done.result());
                timer = context.vertx().setTimer(millis, tick -> look());
              });
    }

    /** Each says everything, so a client that reads slowly may go without some. */
    private void send(byte[] json) {
      if (!response.writeQueueFull()) {
        Buffer lines = Buffer.buffer();
        form.write(lines, null, "stats", json);
        response.write(lines);
      }
    }

    private void finish() {
      over = true;
      context.vertx().cancelTimer(timer);
    }
  }
}
