package io.sandboxd.api;

import io.sandboxd.events.AuditLog;
import io.sandboxd.events.EventLog;
import io.sandboxd.events.EventLog.Resumption;
import io.sandboxd.sandbox.json.SpecJson;
import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Tells clients what happens, from now on or from where they left off, for as long as they like.
 */
@Singleton
final class EventsRoute {
  static final RawRoute ROUTE =
      new RawRoute(HttpMethod.GET, "/v1/events", Set.of("sandbox", "type", "since", "follow"));

  /** As EventSource sends it when it comes back. */
  static final String LAST_ID_HEADER = "Last-Event-ID";

  private static final long HEARTBEAT_MILLIS = 15_000;

  private final EventLog changes;
  private final EventLog calls;
  private final Set<EventStream> streams = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean awake = new AtomicBoolean();

  EventsRoute(EventLog changes, AuditLog audit) {
    this.changes = changes;
    this.calls = audit.log();
  }

  void register(@Observes Router router, Vertx vertx) {
    ROUTE.on(router).handler(this::answer);
    Context hub = vertx.getOrCreateContext();
    changes.onNews(() -> wake(hub));
    calls.onNews(() -> wake(hub));
    vertx.setPeriodic(HEARTBEAT_MILLIS, tick -> streams.forEach(EventStream::beat));
  }

  /** Costs whoever has told something the same for any number of clients. */
  private void wake(Context hub) {
    if (!streams.isEmpty() && awake.compareAndSet(false, true)) {
      hub.runOnContext(
          woken -> {
            awake.set(false);
            streams.forEach(EventStream::wake);
          });
    }
  }

  private void answer(RoutingContext context) {
    ROUTE.refuseUnknown(context);
    HttpServerRequest request = context.request();
    MultiMap query = context.queryParams();
    EventFilter filter =
        EventFilter.of(query.getAll("sandbox"), query.getAll("type"), Call.of(context).caller());
    EventLog log = filter.isAudit() ? calls : changes;
    EventForm form = EventForm.of(request.getHeader(HttpHeaders.ACCEPT));
    String follow = query.get("follow");
    Resumption from = log.resume(since(request, query));

    context
        .response()
        .putHeader(HttpHeaders.CONTENT_TYPE, form.mediaType())
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    Buffer first = Buffer.buffer();
    if (from.gap() != null) {
      String id = Long.toString(from.gap().id());
      form.write(first, id, from.gap().type().word(), SpecJson.write(from.gap()));
    }
    EventStream stream =
        new EventStream(
            log,
            filter,
            form,
            from.position(),
            follow == null || Query.flag("follow", follow),
            request,
            context.vertx().getOrCreateContext(),
            streams::remove);
    // First, so that nothing that is told meanwhile goes unnoticed.
    streams.add(stream);
    stream.start(first);
  }

  /** A client that comes back has the address it came with first, so the header is younger. */
  private static Long since(HttpServerRequest request, MultiMap query) {
    String header = request.getHeader(LAST_ID_HEADER);
    return header == null || header.isEmpty()
        ? Query.count("since", query.get("since"))
        : Query.count(LAST_ID_HEADER, header);
  }
}
