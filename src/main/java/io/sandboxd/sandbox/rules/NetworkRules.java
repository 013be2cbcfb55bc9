package io.sandboxd.sandbox.rules;

import static io.sandboxd.sandbox.net.NetworkSpec.or;

import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.Egress;
import io.sandboxd.sandbox.net.InterfaceName;
import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.NetworkSpec;
import io.sandboxd.sandbox.net.NetworkSpec.Attachment;
import io.sandboxd.sandbox.net.NetworkSpec.Cable;
import io.sandboxd.sandbox.net.NetworkSpec.Route;
import io.sandboxd.sandbox.net.Protocol;
import io.sandboxd.sandbox.net.PublishedPort;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What of a sandbox's network goes together. Whether networks and sandboxes that it names are
 * there, and addresses free, is seen when it is made.
 */
final class NetworkRules {
  static final List<Rule<SandboxSpec>> ALL =
      List.of(
          NetworkRules::ownNamespace,
          NetworkRules::interfaces,
          NetworkRules::addresses,
          NetworkRules::routes,
          NetworkRules::ports,
          NetworkRules::egress,
          NetworkRules::rates,
          NetworkRules::names);

  private static final NetworkSpec NONE = new NetworkSpec(null, null, null, null, null, null, null);

  private NetworkRules() {}

  private static NetworkSpec of(SandboxSpec spec) {
    return spec.network() == null ? NONE : spec.network();
  }

  private static FieldPath at(FieldPath spec) {
    return spec.field("network");
  }

  private static void ownNamespace(SandboxSpec spec, FieldPath at) {
    NetworkSpec network = of(spec);
    boolean empty =
        or(network.networks()).isEmpty()
            && or(network.links()).isEmpty()
            && or(network.routes()).isEmpty();
    if (!empty) {
      NamespaceRules.needsNew(NamespaceType.NETWORK, spec, at(at));
    }
  }

  private static void interfaces(SandboxSpec spec, FieldPath at) {
    Set<InterfaceName> names = new HashSet<>();
    Set<String> networks = new HashSet<>();
    List<Attachment> attachments = or(of(spec).networks());
    for (int i = 0; i < attachments.size(); i++) {
      FieldPath where = at(at).field("networks").index(i);
      if (!networks.add(attachments.get(i).name())) {
        throw Rule.broken(where.field("name"), "is there twice: a sandbox is in a network once");
      }
      requireNew(names, attachments.get(i).deviceAt(i), where);
    }
    List<Cable> links = or(of(spec).links());
    for (int i = 0; i < links.size(); i++) {
      FieldPath where = at(at).field("links").index(i);
      NetworkRequestRules.device(links.get(i).device(), where);
      NetworkRequestRules.device(links.get(i).peer().device(), where.field("peer"));
      requireNew(names, links.get(i).device(), where);
      if (links.get(i).peer().sandbox().equals(spec.name())) {
        throw Rule.broken(
            where.field("peer").field("sandbox"), "is this sandbox itself: name another one");
      }
      NetworkRequestRules.conditions(links.get(i).conditions(), where);
      NetworkRequestRules.mtu(links.get(i).mtu(), links.get(i).addresses(), where);
      NetworkRequestRules.mtu(links.get(i).mtu(), links.get(i).peer().addresses(), where);
      NetworkRequestRules.ends(links.get(i).addresses(), where);
      NetworkRequestRules.ends(links.get(i).peer().addresses(), where.field("peer"));
    }
  }

  private static void requireNew(Set<InterfaceName> names, InterfaceName name, FieldPath where) {
    if (!names.add(name)) {
      throw Rule.broken(
          where.field("interface"), "is \"" + name + "\", as another one is: choose another name");
    }
  }

  private static void addresses(SandboxSpec spec, FieldPath at) {
    List<Attachment> attachments = or(of(spec).networks());
    for (int i = 0; i < attachments.size(); i++) {
      FieldPath where = at(at).field("networks").index(i).field("addresses");
      List<IpAddress> addresses = or(attachments.get(i).addresses());
      if (addresses.size() == 2 && addresses.get(0).isV4() == addresses.get(1).isV4()) {
        throw Rule.broken(where, "can be one of IPv4 and one of IPv6");
      }
      for (int j = 0; j < addresses.size(); j++) {
        if (!addresses.get(j).isUnicast() || addresses.get(j).isLoopback()) {
          throw Rule.broken(where.index(j), "cannot be that of an interface");
        }
      }
    }
  }

  private static void routes(SandboxSpec spec, FieldPath at) {
    List<Route> routes = or(of(spec).routes());
    for (int i = 0; i < routes.size(); i++) {
      Route route = routes.get(i);
      FieldPath where = at(at).field("routes").index(i);
      requireNetwork(route.destination(), where.field("destination"));
      if (route.gateway() == null && route.device() == null) {
        throw Rule.broken(where, "needs a gateway, or an interface behind which all of it is");
      }
      if (route.gateway() != null
          && route.gateway().isV4() != route.destination().address().isV4()) {
        throw Rule.broken(where.field("gateway"), "is of another family than the destination");
      }
      if (route.device() != null && !devices(spec).contains(route.device())) {
        throw Rule.broken(where.field("interface"), "is none of this sandbox's interfaces");
      }
    }
  }

  private static Set<InterfaceName> devices(SandboxSpec spec) {
    Set<InterfaceName> devices = ofNetworks(spec);
    or(of(spec).links()).forEach(link -> devices.add(link.device()));
    return devices;
  }

  private static Set<InterfaceName> ofNetworks(SandboxSpec spec) {
    Set<InterfaceName> devices = new HashSet<>();
    List<Attachment> attachments = or(of(spec).networks());
    for (int i = 0; i < attachments.size(); i++) {
      devices.add(attachments.get(i).deviceAt(i));
    }
    return devices;
  }

  static void requireNetwork(Cidr cidr, FieldPath where) {
    if (!cidr.isNetwork()) {
      throw Rule.broken(where, "is an address in a network; the network is " + cidr.network());
    }
  }

  private static void ports(SandboxSpec spec, FieldPath at) {
    List<PublishedPort> ports = or(of(spec).ports());
    if (!ports.isEmpty()) {
      needsNetworks(spec, at(at).field("ports"));
    }
    for (int i = 0; i < ports.size(); i++) {
      PublishedPort port = ports.get(i);
      FieldPath where = at(at).field("ports").index(i);
      if (port.carrier() == Protocol.ICMP) {
        throw Rule.broken(where.field("protocol"), "must be tcp or udp");
      }
      IpAddress host = port.hostAddress();
      if (host != null && (!host.isUnicast() || (host.isLoopback() && !host.isV4()))) {
        throw Rule.broken(
            where.field("hostAddress"),
            "must be one of the host's addresses, or left out for all; ::1 leads into no sandbox");
      }
      for (int j = 0; j < i; j++) {
        if (port.clashesWith(ports.get(j))) {
          throw Rule.broken(where.field("hostPort"), "is the same as that of ports[" + j + "]");
        }
      }
    }
  }

  private static void egress(SandboxSpec spec, FieldPath at) {
    Egress egress = of(spec).egress();
    if (egress == null) {
      return;
    }
    needsNetworks(spec, at(at).field("egress"));
    List<Egress.Rule> rules = egress.list();
    for (int i = 0; i < rules.size(); i++) {
      Egress.Rule rule = rules.get(i);
      FieldPath where = at(at).field("egress").field("rules").index(i);
      if (rule.to() != null) {
        requireNetwork(rule.to(), where.field("to"));
      }
      if (rule.ports() != null
          && rule.protocol() != Protocol.TCP
          && rule.protocol() != Protocol.UDP) {
        throw Rule.broken(where.field("ports"), "need a protocol: tcp or udp");
      }
    }
  }

  private static void rates(SandboxSpec spec, FieldPath at) {
    if (of(spec).rates() == null) {
      return;
    }
    for (String name : of(spec).rates().keySet()) {
      if (ofNetworks(spec).stream().noneMatch(device -> device.text().equals(name))) {
        throw Rule.broken(
            at(at).field("rates").field(name),
            "is none of this sandbox's interfaces on networks; a link has conditions");
      }
    }
  }

  private static void names(SandboxSpec spec, FieldPath at) {
    if (of(spec).dns() != null) {
      needsNetworks(spec, at(at).field("dns"));
    }
  }

  private static void needsNetworks(SandboxSpec spec, FieldPath where) {
    if (or(of(spec).networks()).isEmpty()) {
      throw Rule.broken(where, "needs a network: name one in network.networks");
    }
  }
}
