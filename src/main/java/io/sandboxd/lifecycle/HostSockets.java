package io.sandboxd.lifecycle;

import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.Protocol;
import io.sandboxd.sandbox.net.PublishedPort;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Optional;

/**
 * Whether a port of the host is free: rules would take its packets away from whoever has it, and
 * nobody would be told.
 */
final class HostSockets {
  private HostSockets() {}

  /** Why it cannot be had, to follow the port; empty if it can. */
  static Optional<String> refusal(PublishedPort port) {
    IpAddress address = port.hostAddress();
    InetSocketAddress local =
        address == null
            ? new InetSocketAddress(port.hostPort())
            : new InetSocketAddress(address.inetAddress(), port.hostPort());
    try {
      if (port.carrier() == Protocol.TCP) {
        try (ServerSocket socket = new ServerSocket()) {
          socket.bind(local);
        }
      } else {
        try (DatagramSocket socket = new DatagramSocket(null)) {
          socket.bind(local);
        }
      }
      return Optional.empty();
    } catch (BindException e) {
      boolean strange = String.valueOf(e.getMessage()).contains("assign");
      return Optional.of(
          strange ? "is of an address that the host does not have" : "is in use by a program");
    } catch (IOException e) {
      return Optional.of("cannot be had: " + e.getMessage());
    }
  }
}
