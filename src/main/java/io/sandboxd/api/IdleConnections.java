package io.sandboxd.api;

import io.netty.channel.ChannelOutboundBuffer;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.sandboxd.sandbox.Settings;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Closes connections on which nobody asks anything: those kept for later, and those whose request
 * never gets complete. A request that is being worked on may take as long as it likes, which is why
 * the server's own idle timeout will not do.
 */
@Singleton
public final class IdleConnections {
  /** Before everything, so that no answer is overlooked. */
  private static final int PRIORITY = 1000;

  /** Not a time: the connection has a request that is being worked on. */
  private static final long AT_WORK = Long.MAX_VALUE;

  private final Map<HttpConnection, Long> idleSince = new ConcurrentHashMap<>();
  private final long timeoutNanos;

  IdleConnections(Vertx vertx, Settings settings) {
    timeoutNanos = settings.idleTimeout().toNanos();
    vertx.setPeriodic(Math.max(1, settings.idleTimeout().toMillis() / 2), tick -> closeIdle());
  }

  /** To be told of every connection there is. */
  public void opened(HttpConnection connection) {
    idleSince.put(connection, System.nanoTime());
    connection.closeHandler(closed -> idleSince.remove(connection));
  }

  /** Whether no request is being worked on. */
  boolean isIdle(HttpConnection connection) {
    return idleSince.getOrDefault(connection, AT_WORK) != AT_WORK;
  }

  /** Whether nobody has asked anything, got an answer or connected for so long. */
  boolean areQuiet(Duration time) {
    long now = System.nanoTime();
    return idleSince.values().stream()
        .allMatch(since -> since != AT_WORK && now - since >= time.toNanos());
  }

  /** How many bytes of complete answers have not gone out yet. */
  long unsent() {
    return idleSince.entrySet().stream()
        .filter(each -> each.getValue() != AT_WORK)
        .mapToLong(each -> unsent(each.getKey()))
        .sum();
  }

  private static long unsent(HttpConnection connection) {
    ChannelOutboundBuffer waiting =
        ((ConnectionBase) connection).channel().unsafe().outboundBuffer();
    return waiting == null ? 0 : waiting.totalPendingWriteBytes() - waiting.currentProgress();
  }

  void register(@Observes Filters filters) {
    filters.register(this::watch, PRIORITY);
  }

  private void watch(RoutingContext context) {
    HttpConnection connection = context.request().connection();
    idleSince.computeIfPresent(connection, (same, since) -> AT_WORK);
    context.addEndHandler(
        ended -> idleSince.computeIfPresent(connection, (same, since) -> System.nanoTime()));
    context.next();
  }

  private void closeIdle() {
    long now = System.nanoTime();
    idleSince.forEach(
        (connection, since) -> {
          if (since != AT_WORK && now - since > timeoutNanos) {
            connection.close();
          }
        });
  }
}
