package io.sandboxd.sandbox.net;

import com.fasterxml.jackson.annotation.JsonView;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.Owner;
import io.sandboxd.sandbox.StoredForm;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One network, as clients see it and as it is kept on file.
 *
 * @param version of the file; not shown to clients
 * @param bridge the interface on the host
 * @param mac of the bridge
 * @param gateways its addresses, in the order of the subnets
 * @param mtu bytes
 * @param members shown to clients; null in the file
 */
public record NetworkStatus(
    @JsonView(StoredForm.class) int version,
    String name,
    Owner owner,
    Instant createdAt,
    String bridge,
    String mac,
    List<Cidr> subnets,
    List<IpAddress> gateways,
    boolean internal,
    boolean isolated,
    boolean shared,
    int mtu,
    List<Member> members)
    implements Named {

  /** A sandbox that has addresses in it. */
  public record Member(String sandbox, String sandboxId, List<IpAddress> addresses) {}

  /** The same, as clients see it. */
  public NetworkStatus with(List<Member> shown) {
    return new NetworkStatus(
        version, name, owner, createdAt, bridge, mac, subnets, gateways, internal, isolated, shared,
        mtu, shown);
  }

  /** Whether it is there for a caller, and may be joined. */
  public boolean isVisibleTo(Caller caller) {
    return shared || caller.admin();
  }

  /** The bridge's own address in the family of another. */
  public Optional<IpAddress> gatewayFor(IpAddress member) {
    return gateways.stream().filter(gateway -> gateway.bits() == member.bits()).findFirst();
  }

  /** The subnet that an address is in. */
  public Optional<Cidr> subnetOf(IpAddress member) {
    return subnets.stream().filter(subnet -> subnet.contains(member)).findFirst();
  }
}
