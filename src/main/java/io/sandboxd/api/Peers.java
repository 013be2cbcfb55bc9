package io.sandboxd.api;

import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.PeerCredentials;
import io.netty.util.AttributeKey;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.Settings;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.impl.ConnectionBase;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Finds out who is at the other end of each connection: once, as nobody else can take it over. */
@Singleton
public final class Peers {
  private static final AttributeKey<Peer> PEER = AttributeKey.valueOf(Peers.class, "peer");

  private final Syscalls syscalls;
  private final Long adminGroup;

  Peers(Syscalls syscalls, Settings settings) {
    this.syscalls = syscalls;
    this.adminGroup =
        settings.adminGroup() == null ? null : syscalls.groupId(settings.adminGroup());
  }

  /** To be told of every connection there is. */
  public void opened(HttpConnection connection) {
    EpollDomainSocketChannel channel =
        (EpollDomainSocketChannel) ((ConnectionBase) connection).channel();
    try {
      PeerCredentials peer = channel.peerCredentials();
      // The channel's to close.
      Fd socket = new Fd(channel.fd().intValue(), syscalls);
      Caller caller =
          Caller.of(
              Integer.toUnsignedLong(peer.uid()),
              Integer.toUnsignedLong(peer.gids()[0]),
              syscalls.peerGroups(socket),
              peer.pid(),
              adminGroup);
      channel.attr(PEER).set(new Peer(caller, socket, syscalls));
    } catch (IOException e) {
      connection.close();
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      connection.close(); // who is nobody gets nothing
      throw e;
    }
  }

  static Peer of(HttpServerRequest request) {
    return of(((ConnectionBase) request.connection()).channel());
  }

  static Peer of(Channel channel) {
    return channel.attr(PEER).get();
  }
}
