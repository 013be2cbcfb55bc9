package io.sandboxd.daemon;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.sandboxd.linux.Fd;
import io.vertx.core.impl.transports.EpollTransport;
import java.net.SocketAddress;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Vert.x's transport, which it finds as a service, with two things that it cannot do: listen on a
 * socket that is bound already, and stop listening while connections live on.
 */
public final class ListenerTransport extends EpollTransport {
  // Static, as Vert.x makes the transport itself and hands it to nobody.
  private static final Queue<Fd> PASSED = new ConcurrentLinkedQueue<>();
  private static final List<Channel> LISTENING = new CopyOnWriteArrayList<>();

  /** The next server that is to listen on a Unix socket gets this one, whatever its address. */
  static void listenNextOn(Fd passed) {
    PASSED.add(passed);
  }

  /** Returns when no connection will be accepted any more. */
  static void stopListening() {
    LISTENING.forEach(channel -> channel.close().awaitUninterruptibly());
    LISTENING.clear();
  }

  @Override
  public ChannelFactory<? extends ServerChannel> serverChannelFactory(boolean domainSocket) {
    ChannelFactory<? extends ServerChannel> factory = super.serverChannelFactory(domainSocket);
    return () -> {
      Fd passed = domainSocket ? PASSED.poll() : null;
      ServerChannel channel = passed == null ? factory.newChannel() : bound(passed);
      LISTENING.add(channel);
      return channel;
    };
  }

  private static ServerChannel bound(Fd passed) {
    ServerChannel channel = new EpollServerDomainSocketChannel(passed.number(), true);
    channel.pipeline().addLast(new BoundAlready());
    return channel;
  }

  private static final class BoundAlready extends ChannelOutboundHandlerAdapter {
    @Override
    public void bind(ChannelHandlerContext context, SocketAddress address, ChannelPromise bound) {
      bound.setSuccess();
    }
  }
}
