package io.sandboxd.api;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.Settings;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lets in so many connections, of all and of each user who is no admin. One too many is told so
 * before it has asked anything, and closed: it costs no thread, and what it sends is not read.
 */
@Singleton
public final class ConnectionLimits {
  static final String ALL = "sandboxd.max-connections";
  static final String EACH_USER = "sandboxd.max-connections-per-user";

  /** A client that has not sent its request yet would find the connection broken, and not read. */
  private static final long LINGER_SECONDS = 1;

  private static final int MAX_LINGERING = 64;

  private final Shares connections;
  private final Map<Shares.Grant, byte[]> refusals;
  private final AtomicInteger lingering = new AtomicInteger();

  ConnectionLimits(Settings settings) {
    connections = new Shares(settings.maxConnections(), settings.maxConnectionsPerUser());
    refusals =
        Map.of(
            Shares.Grant.ALL_TAKEN,
            refusal(
                "All " + settings.maxConnections() + " connections of the daemon are taken", ALL),
            Shares.Grant.OWN_SHARE_TAKEN,
            refusal(
                "All " + settings.maxConnectionsPerUser() + " connections of this user are taken",
                EACH_USER));
  }

  /**
   * To be asked of every connection, on its event loop, when its peer is known.
   *
   * @return whether it is let in; else it is as good as closed, and nobody's business any more
   */
  public boolean admit(HttpConnection connection) {
    Channel channel = ((ConnectionBase) connection).channel();
    Caller caller = Peers.of(channel).caller();
    Shares.Grant grant = connections.take(caller, 1);
    if (grant == Shares.Grant.GRANTED) {
      channel.closeFuture().addListener(closed -> connections.give(caller, 1));
      return true;
    }
    refuse(channel, refusals.get(grant));
    return false;
  }

  private void refuse(Channel channel, byte[] answer) {
    channel.pipeline().addFirst(new Deaf());
    ByteBuf bytes = Unpooled.wrappedBuffer(answer);
    var written = channel.pipeline().firstContext().writeAndFlush(bytes);
    if (lingering.incrementAndGet() > MAX_LINGERING) {
      written.addListener(ChannelFutureListener.CLOSE);
    } else {
      var unused =
          channel.eventLoop().schedule(() -> close(channel), LINGER_SECONDS, TimeUnit.SECONDS);
    }
    channel.closeFuture().addListener(closed -> lingering.decrementAndGet());
  }

  private static void close(Channel channel) {
    var unused = channel.close();
  }

  private static byte[] refusal(String what, String setting) {
    Problem problem =
        Problem.of(ErrorCode.LIMIT_EXCEEDED, what + " (" + setting + ").").with("setting", setting);
    String body = new String(problem.json(), StandardCharsets.UTF_8);
    return ("HTTP/1.1 "
            + problem.status()
            + " Too Many Requests\r\nContent-Type: "
            + Problem.MEDIA_TYPE
            + "\r\nContent-Length: "
            + problem.json().length
            + "\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
            + body)
        .getBytes(StandardCharsets.UTF_8);
  }

  /** Whatever comes, the answer is there already. */
  private static final class Deaf extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) {
      ReferenceCountUtil.release(bytes);
      var unused = context.close();
    }
  }
}
