package io.sandboxd.api;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.unix.UnixChannel;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.Settings;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Lets a client close its sending side and still get its answer (shutdown(2) with SHUT_WR, as
 * {@code nc -N} does after the request). The server would else take that for the end of the
 * connection.
 */
@Singleton
public final class HalfClose {
  private static final int PRIORITY = 999;

  private final Syscalls syscalls;
  private final IdleConnections idle;
  private final Map<HttpConnection, UnixChannel> halfClosed = new ConcurrentHashMap<>();

  HalfClose(Vertx vertx, Settings settings, Syscalls syscalls, IdleConnections idle) {
    this.syscalls = syscalls;
    this.idle = idle;
    // A client that later goes away altogether makes no sound any more.
    vertx.setPeriodic(
        Math.max(1, settings.idleTimeout().toMillis() / 2),
        tick -> halfClosed.forEach(this::check));
  }

  /** To be told of every connection there is. */
  public void opened(HttpConnection connection) {
    var channel = ((ConnectionBase) connection).channel();
    channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    channel
        .pipeline()
        .addFirst(
            new ChannelInboundHandlerAdapter() {
              @Override
              public void userEventTriggered(ChannelHandlerContext context, Object event)
                  throws Exception {
                super.userEventTriggered(context, event);
                if (event instanceof ChannelInputShutdownEvent) {
                  halfClosed.put(connection, (UnixChannel) channel);
                  check(connection, (UnixChannel) channel);
                }
              }
            });
    channel.closeFuture().addListener(closed -> halfClosed.remove(connection));
  }

  void register(@Observes Filters filters) {
    filters.register(this::closeAfterAnswer, PRIORITY);
  }

  private void closeAfterAnswer(RoutingContext context) {
    HttpConnection connection = context.request().connection();
    context.addEndHandler(
        answered -> {
          if (halfClosed.containsKey(connection)) {
            connection.close();
          }
        });
    context.next();
  }

  /** Closed as a whole, or with no request in work, there is nobody to answer. */
  private void check(HttpConnection connection, UnixChannel channel) {
    Fd fd = new Fd(channel.fd().intValue(), syscalls);
    if (idle.isIdle(connection) || !channel.isOpen() || syscalls.poll(fd, Syscalls.EPOLLHUP, 0)) {
      connection.close();
    }
  }
}
