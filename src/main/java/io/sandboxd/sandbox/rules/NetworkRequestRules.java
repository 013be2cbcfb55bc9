package io.sandboxd.sandbox.rules;

import static io.sandboxd.sandbox.net.NetworkSpec.or;

import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.Conditions;
import io.sandboxd.sandbox.net.InterfaceName;
import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.LinkSpec;
import io.sandboxd.sandbox.net.NetworkRequest;
import java.math.BigInteger;
import java.util.List;
import java.util.Set;

/** What can be a network, and a link. */
final class NetworkRequestRules {
  static final List<Rule<NetworkRequest>> NETWORK =
      List.of(
          NetworkRequestRules::name, NetworkRequestRules::subnets, NetworkRequestRules::gateways);

  static final List<Rule<LinkSpec>> LINK = List.of(NetworkRequestRules::link);

  private static final int LEAST_FOR_V6 = 1_280;
  private static final int SHORTEST_V4 = 8;
  private static final int LONGEST_V4 = 30;
  private static final int SHORTEST_V6 = 32;
  private static final int LONGEST_V6 = 126;

  private static final Set<String> RESERVED = Set.of("host", "none");

  private static final List<Cidr> SPECIAL =
      List.of(
          Cidr.parse("0.0.0.0/8"),
          Cidr.parse("127.0.0.0/8"),
          Cidr.parse("224.0.0.0/3"),
          Cidr.parse("::/8"),
          Cidr.parse("fe80::/10"),
          Cidr.parse("ff00::/8"));

  private NetworkRequestRules() {}

  private static void name(NetworkRequest request, FieldPath at) {
    if (request.name() != null && RESERVED.contains(request.name())) {
      throw Rule.broken(
          at.field("name"), "means something else wherever networks are chosen: take another one");
    }
  }

  private static void subnets(NetworkRequest request, FieldPath at) {
    List<Cidr> subnets = or(request.subnets());
    for (int i = 0; i < subnets.size(); i++) {
      Cidr subnet = subnets.get(i);
      FieldPath where = at.field("subnets").index(i);
      NetworkRules.requireNetwork(subnet, where);
      boolean v4 = subnet.address().isV4();
      int shortest = v4 ? SHORTEST_V4 : SHORTEST_V6;
      int longest = v4 ? LONGEST_V4 : LONGEST_V6;
      if (subnet.prefix() < shortest || subnet.prefix() > longest) {
        throw Rule.broken(
            where, "must have a prefix of " + shortest + " to " + longest + " in this family");
      }
      if (SPECIAL.stream().anyMatch(subnet::overlaps)) {
        throw Rule.broken(where, "is no range for hosts; take one such as 10.88.0.0/24");
      }
    }
    mtu(request.mtu(), subnets, at);
    if (subnets.size() == 2 && subnets.get(0).address().isV4() == subnets.get(1).address().isV4()) {
      throw Rule.broken(at.field("subnets"), "can be one of IPv4 and one of IPv6");
    }
  }

  private static void gateways(NetworkRequest request, FieldPath at) {
    List<Cidr> subnets = or(request.subnets());
    List<IpAddress> gateways = or(request.gateways());
    for (int i = 0; i < gateways.size(); i++) {
      IpAddress gateway = gateways.get(i);
      FieldPath where = at.field("gateways").index(i);
      Cidr subnet =
          subnets.stream()
              .filter(each -> each.contains(gateway))
              .findFirst()
              .orElseThrow(() -> Rule.broken(where, "is in none of the subnets"));
      if (!isOfAHost(gateway, subnet)) {
        throw Rule.broken(where, "is the address of the network itself, or of all in it");
      }
    }
    if (gateways.size() == 2 && gateways.get(0).isV4() == gateways.get(1).isV4()) {
      throw Rule.broken(at.field("gateways"), "can be one of each family");
    }
  }

  /** In IPv4 the first and the last are none; in IPv6 the first is that of all routers. */
  private static boolean isOfAHost(IpAddress address, Cidr subnet) {
    BigInteger index = subnet.indexOf(address);
    boolean last = index.equals(subnet.size().subtract(BigInteger.ONE));
    return index.signum() > 0 && !(last && address.isV4());
  }

  private static void link(LinkSpec link, FieldPath at) {
    LinkSpec.End one = link.ends().get(0);
    LinkSpec.End other = link.ends().get(1);
    device(one.device(), at.field("ends").index(0));
    device(other.device(), at.field("ends").index(1));
    if (one.sandbox().equals(other.sandbox()) && one.device().equals(other.device())) {
      throw Rule.broken(at.field("ends"), "are one and the same");
    }
    conditions(link.conditions(), at);
    mtu(link.mtu(), one.addresses(), at);
    mtu(link.mtu(), other.addresses(), at);
    ends(one.addresses(), at.field("ends").index(0));
    ends(other.addresses(), at.field("ends").index(1));
  }

  /** RFC 8200, section 5: the kernel has no IPv6 where less passes. */
  static void mtu(Integer mtu, List<Cidr> addresses, FieldPath at) {
    if (mtu != null
        && mtu < LEAST_FOR_V6
        && or(addresses).stream().anyMatch(each -> !each.address().isV4())) {
      throw Rule.broken(at.field("mtu"), "must be " + LEAST_FOR_V6 + " or more for IPv6");
    }
  }

  /**
   * @param at what has the conditions
   */
  static void conditions(Conditions conditions, FieldPath at) {
    if (conditions != null) {
      ConditionRules.ALL.forEach(rule -> rule.check(conditions, at.field("conditions")));
    }
  }

  /**
   * @param at what has the interface
   */
  static void device(InterfaceName device, FieldPath at) {
    if (device == null) {
      throw Rule.broken(at.field("interface"), "must be given: a name such as eth1");
    }
  }

  /** Addresses of one end. */
  static void ends(List<Cidr> addresses, FieldPath at) {
    for (int i = 0; i < or(addresses).size(); i++) {
      if (!addresses.get(i).address().isUnicast() || addresses.get(i).address().isLoopback()) {
        throw Rule.broken(
            at.field("addresses").index(i), "cannot be that of an interface; 10.0.0.1/24 could");
      }
    }
  }
}
