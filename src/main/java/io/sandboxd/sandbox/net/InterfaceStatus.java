package io.sandboxd.sandbox.net;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * An interface of a sandbox on a network.
 *
 * @param device (JSON: {@code interface}) its name inside
 * @param hostDevice (JSON: {@code hostInterface}) its other end, a port of the network's bridge
 * @param addresses with the lengths of their networks' prefixes
 */
public record InterfaceStatus(
    @JsonProperty("interface") InterfaceName device,
    String network,
    @JsonProperty("hostInterface") String hostDevice,
    String mac,
    List<Cidr> addresses) {

  /** Without the prefixes. */
  public List<IpAddress> plainAddresses() {
    return addresses.stream().map(Cidr::address).toList();
  }
}
