package io.sandboxd.network;

import io.sandboxd.sandbox.net.Egress;
import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.PublishedPort;
import java.util.List;

/**
 * A sandbox on networks, as far as the packet filter has to know it.
 *
 * @param id of the sandbox, 16 hexadecimal digits
 * @param members its interfaces; the first one's addresses are what its ports lead to
 * @param ports of the host that lead to it
 * @param egress null: it may connect to everything
 */
public record SandboxRules(
    String id, List<Member> members, List<PublishedPort> ports, Egress egress) {

  /**
   * One interface.
   *
   * @param device the end of it on the host
   * @param mac of the end inside
   * @param addresses of both families, at most one of each
   * @param bridge the device it is a port of
   */
  public record Member(String device, String mac, List<IpAddress> addresses, String bridge) {}
}
