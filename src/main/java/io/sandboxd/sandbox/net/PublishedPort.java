package io.sandboxd.sandbox.net;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;

/**
 * A port of the host that leads into a sandbox.
 *
 * @param hostAddress one of the host's addresses; null: all of both families
 * @param hostPort 1 to 65535
 * @param port inside, 1 to 65535; default the same
 * @param protocol {@code tcp} or {@code udp}; default tcp
 */
public record PublishedPort(
    IpAddress hostAddress,
    @NotNull(message = "must be given: a port of the host") @Min(1) @Max(65_535) Integer hostPort,
    @Min(1) @Max(65_535) Integer port,
    Protocol protocol) {

  /** Where it leads to. */
  public int inside() {
    return port == null ? hostPort : port;
  }

  /** Tcp if it is not said. */
  public Protocol carrier() {
    return protocol == null ? Protocol.TCP : protocol;
  }

  /** Whether there is a packet that both would have. */
  public boolean clashesWith(PublishedPort other) {
    return hostPort.equals(other.hostPort)
        && carrier() == other.carrier()
        && (hostAddress == null
            || other.hostAddress == null
            || hostAddress.equals(other.hostAddress));
  }
}
