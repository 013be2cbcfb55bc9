package io.sandboxd.api;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.unix.UnixChannel;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.sandboxd.linux.EpollLoop;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Set;
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
  private final EpollLoop loop;
  private final Set<HttpConnection> halfClosed = ConcurrentHashMap.newKeySet();

  HalfClose(Syscalls syscalls, IdleConnections idle, EpollLoop loop) {
    this.syscalls = syscalls;
    this.idle = idle;
    this.loop = loop;
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
                  halfClosed.add(connection);
                  watch(connection, channel);
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
          if (halfClosed.contains(connection)) {
            connection.close();
          }
        });
    context.next();
  }

  /**
   * With no request in work there is nobody to answer. Else its other side may yet be closed, of
   * which a channel that reads no more hears nothing: that is looked for on a descriptor of ours.
   */
  private void watch(HttpConnection connection, Channel channel) {
    if (idle.isIdle(connection) || !channel.isOpen()) {
      connection.close();
      return;
    }
    try {
      Fd own = syscalls.duplicate(new Fd(((UnixChannel) channel).fd().intValue(), syscalls));
      channel
          .closeFuture()
          .addListener(
              closed -> {
                loop.forget(own);
                own.close();
              });
      loop.watch(
          own,
          0,
          () -> {
            loop.forget(own);
            connection.close();
          });
    } catch (ErrnoException e) {
      connection.close(); // nobody could tell
    }
  }
}
