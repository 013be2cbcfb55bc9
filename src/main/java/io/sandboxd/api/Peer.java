package io.sandboxd.api;

import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.sandboxd.sandbox.PeerCredentials;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.impl.ConnectionBase;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Finds out who makes a request. */
final class Peer {
  private Peer() {}

  /** For the record of who did something. */
  static String name(HttpServerRequest request) {
    return "uid " + of(request).uid();
  }

  static PeerCredentials of(HttpServerRequest request) {
    ConnectionBase connection = (ConnectionBase) request.connection();
    try {
      io.netty.channel.unix.PeerCredentials peer =
          ((EpollDomainSocketChannel) connection.channel()).peerCredentials();
      return new PeerCredentials(peer.pid(), peer.uid(), peer.gids()[0]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
