package io.sandboxd.lifecycle;

import static io.sandboxd.sandbox.net.NetworkSpec.or;

import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.network.AddressPool;
import io.sandboxd.network.Cables;
import io.sandboxd.network.Counters;
import io.sandboxd.network.DeviceNames;
import io.sandboxd.network.Firewall;
import io.sandboxd.network.HostNetwork;
import io.sandboxd.network.HostPorts;
import io.sandboxd.network.MacAddress;
import io.sandboxd.network.SandboxRules;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.Policy;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxStatus;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.InterfaceStatus;
import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.NetworkSpec;
import io.sandboxd.sandbox.net.NetworkSpec.Attachment;
import io.sandboxd.sandbox.net.NetworkSpec.Rates;
import io.sandboxd.sandbox.net.NetworkStatus;
import io.sandboxd.sandbox.net.PublishedPort;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Gives a sandbox its place on networks: first what is to be its own there, then, when it has a
 * network namespace, the interfaces, routes and rules; and takes all of it away again.
 */
public final class ConnectSandbox {
  private static final FieldPath PORTS = FieldPath.ROOT.field("network").field("ports");

  /** Below it a port is for who has CAP_NET_BIND_SERVICE (ip(7), ip_unprivileged_port_start). */
  private static final int UNPRIVILEGED_PORT = 1024;

  private final Networks networks;
  private final Links links;
  private final Inits inits;
  private final DeviceNames names;
  private final HostNetwork host;
  private final Cables cables;
  private final Firewall firewall;
  private final HostPorts ports;

  public ConnectSandbox(
      Networks networks,
      Links links,
      Inits inits,
      DeviceNames names,
      HostNetwork host,
      Cables cables,
      Firewall firewall,
      HostPorts ports) {
    this.networks = networks;
    this.links = links;
    this.inits = inits;
    this.names = names;
    this.host = host;
    this.cables = cables;
    this.firewall = firewall;
    this.ports = ports;
  }

  /**
   * Addresses and ports, from now on this sandbox's, until {@link #release}.
   *
   * @return null for none
   * @throws SandboxException {@code invalid_spec} for a network that is not there for the caller;
   *     {@code address_in_use}; {@code not_permitted}; nothing is taken then
   */
  List<InterfaceStatus> reserve(String id, SandboxSpec spec, Caller caller) {
    List<Attachment> wanted = spec.network() == null ? List.of() : or(spec.network().networks());
    if (wanted.isEmpty()) {
      return null;
    }
    List<InterfaceStatus> reserved = new ArrayList<>();
    try {
      for (int i = 0; i < wanted.size(); i++) {
        reserved.add(reserve(id, wanted.get(i), i, caller));
      }
      reservePorts(id, or(spec.network().ports()), reserved, caller);
      return reserved;
    } catch (RuntimeException e) {
      release(id, reserved, spec);
      throw e;
    }
  }

  private InterfaceStatus reserve(String id, Attachment wanted, int index, Caller caller) {
    FieldPath at = Networks.WANTED.index(index);
    synchronized (networks) { // none is deleted while somebody joins it
      NetworkStatus network = networks.joinable(wanted, index, caller);
      Networks.Live live = networks.live(network.name());
      List<Cidr> addresses = new ArrayList<>();
      try {
        for (AddressPool pool : live.pools()) {
          IpAddress address = address(id, wanted, pool, at.field("addresses"));
          addresses.add(new Cidr(address, pool.subnet().prefix()));
        }
        requireInSubnets(wanted, live, at.field("addresses"));
      } catch (RuntimeException e) {
        live.pools().forEach(pool -> pool.giveBack(id));
        throw e;
      }
      return new InterfaceStatus(
          wanted.deviceAt(index), network.name(), names.member(), MacAddress.random(), addresses);
    }
  }

  private static void requireInSubnets(Attachment wanted, Networks.Live live, FieldPath at) {
    List<IpAddress> addresses = or(wanted.addresses());
    for (int i = 0; i < addresses.size(); i++) {
      AddressPool pool = live.poolOf(addresses.get(i));
      if (pool == null || !pool.isUsable(addresses.get(i))) {
        throw SandboxException.invalid(
            at.index(i).text(),
            "is no host's address in "
                + live.pools().stream().map(AddressPool::subnet).toList()
                + ", the subnets of the network '"
                + wanted.name()
                + "'");
      }
    }
  }

  private static IpAddress address(String id, Attachment wanted, AddressPool pool, FieldPath at) {
    List<IpAddress> addresses = or(wanted.addresses());
    for (int i = 0; i < addresses.size(); i++) {
      IpAddress address = addresses.get(i);
      if (pool.isUsable(address)) {
        if (pool.take(address, id) != null) {
          throw new SandboxException(
                  ErrorCode.ADDRESS_IN_USE,
                  at.index(i).text() + ": " + address + " is another's: choose another one.")
              .with("field", at.index(i).text());
        }
        return address;
      }
    }
    return pool.take(id);
  }

  private void reservePorts(
      String id, List<PublishedPort> wanted, List<InterfaceStatus> interfaces, Caller caller) {
    for (int i = 0; i < wanted.size(); i++) {
      PublishedPort port = wanted.get(i);
      String field = PORTS.index(i).field("hostPort").text();
      if (!caller.admin() && port.hostPort() < UNPRIVILEGED_PORT) {
        throw Policy.Rule.ADMIN_GROUP.refuse(
            field, UNPRIVILEGED_PORT, "ports below " + UNPRIVILEGED_PORT + " are for admins");
      }
      IpAddress address = port.hostAddress();
      List<Cidr> targets = interfaces.get(0).addresses();
      if (address != null
          && targets.stream().noneMatch(target -> target.address().isV4() == address.isV4())) {
        throw SandboxException.invalid(
            PORTS.index(i).field("hostAddress").text(),
            "is of a family in which the sandbox has no address");
      }
      if (networks.require(interfaces.get(0).network()).internal()) {
        throw SandboxException.invalid(
            PORTS.text(), "the sandbox's first network is internal: nothing leads into it");
      }
      boolean others = ports.take(port, id) != null;
      Optional<String> refused =
          others ? Optional.of("leads into another sandbox") : HostSockets.refusal(port);
      if (refused.isPresent()) {
        if (!others) {
          ports.giveBack(port, id);
        }
        throw new SandboxException(
                ErrorCode.ADDRESS_IN_USE,
                field + ": " + port.hostPort() + " " + refused.get() + ": choose another one.")
            .with("field", field);
      }
    }
  }

  /** Interfaces, routes, rules, where a network was asked for; init is in the new namespace. */
  void connect(Sandbox sandbox, Caller caller) {
    NetworkSpec asked = sandbox.status().spec().network();
    try (Fd namespace = inits.openProc(sandbox, "ns/net", Syscalls.O_RDONLY)) {
      if (!interfaces(sandbox.status()).isEmpty()) {
        firewall.add(rules(sandbox.status())); // before there is anything that can send
      }
      boolean routed = false;
      for (InterfaceStatus member : interfaces(sandbox.status())) {
        NetworkStatus network = networks.require(member.network());
        boolean leadsOut = !routed && !network.internal();
        host.connect(member, network, namespace, leadsOut, alias(sandbox, member));
        if (rates(asked, member) != null) {
          host.limit(member, rates(asked, member));
        }
        routed = routed || leadsOut;
      }
      interfaces(sandbox.status()).forEach(member -> announce(sandbox, member));
      links.create(sandbox, caller);
      for (NetworkSpec.Route route : or(asked.routes())) {
        cables.addRoute(
            namespace,
            route.destination(),
            route.gateway(),
            route.device() == null ? null : route.device().text());
      }
    } catch (ErrnoException e) {
      throw NetworkRefusal.of("connect the sandbox", e);
    }
  }

  private static Rates rates(NetworkSpec asked, InterfaceStatus member) {
    return asked.rates() == null ? null : asked.rates().get(member.device().text());
  }

  /**
   * Puts other rules and rates in force. What was put in force before one that cannot be had stays:
   * with the statuses the other way round it is taken back.
   *
   * @param former what is in force
   */
  void change(SandboxStatus former, SandboxStatus now) {
    try {
      apply(former, now);
    } catch (ErrnoException e) {
      throw NetworkRefusal.of("change the sandbox's network", e);
    }
  }

  private void apply(SandboxStatus former, SandboxStatus now) {
    if (!Objects.equals(former.spec().network().egress(), now.spec().network().egress())) {
      firewall.change(rules(former), rules(now));
    }
    for (InterfaceStatus member : interfaces(now)) {
      Rates wanted = rates(now.spec().network(), member);
      if (!Objects.equals(wanted, rates(former.spec().network(), member))) {
        host.limit(member, wanted);
      }
    }
  }

  /** What its egress rules have counted; null if it has none. */
  Counters egress(SandboxStatus status) {
    NetworkSpec asked = status.spec().network();
    return asked == null || asked.egress() == null ? null : firewall.counters(status.id());
  }

  private static String alias(Sandbox sandbox, InterfaceStatus member) {
    return "sandboxd sandbox " + sandbox.name() + " " + member.device();
  }

  /** Under a name that means no other host to anybody; whose sandbox it is, may be a stranger. */
  private void announce(Sandbox sandbox, InterfaceStatus member) {
    String name = sandbox.name();
    if (name.contains(".") || name.startsWith("ip6-") || name.equalsIgnoreCase("localhost")) {
      return;
    }
    networks
        .live(member.network())
        .hosts()
        .add(sandbox.id(), sandbox.name(), member.plainAddresses());
  }

  /** What it had on the host; harmless when there is nothing, or only a part. */
  void disconnect(Sandbox sandbox) {
    List<InterfaceStatus> members = interfaces(sandbox.status());
    links.deleteOf(sandbox); // it may have asked for none, and others have linked to it
    if (members.isEmpty()) {
      return;
    }
    for (InterfaceStatus member : members) {
      Networks.Live live = networks.live(member.network());
      if (live != null) {
        live.hosts().remove(sandbox.id());
      }
      host.delete(member.hostDevice());
      host.delete(DeviceNames.mirror(member.hostDevice()));
    }
    firewall.remove(rules(sandbox.status()));
  }

  /** Addresses and ports are free for others. */
  void release(Sandbox sandbox) {
    SandboxStatus status = sandbox.status();
    release(sandbox.id(), interfaces(status), status.spec());
  }

  private void release(String id, List<InterfaceStatus> interfaces, SandboxSpec spec) {
    for (InterfaceStatus member : interfaces) {
      Networks.Live live = networks.live(member.network());
      if (live != null) {
        live.pools().forEach(pool -> pool.giveBack(id));
      }
    }
    if (spec.network() != null) {
      or(spec.network().ports()).forEach(port -> ports.giveBack(port, id));
    }
  }

  /** As {@link #reserve}, what a sandbox has from a former daemon. */
  void restore(Sandbox sandbox) {
    SandboxStatus status = sandbox.status();
    for (InterfaceStatus member : interfaces(status)) {
      Networks.Live live = networks.live(member.network());
      if (live != null) {
        for (IpAddress address : member.plainAddresses()) {
          AddressPool pool = live.poolOf(address);
          if (pool != null) {
            pool.take(address, sandbox.id());
          }
        }
        announce(sandbox, member);
      }
    }
    if (status.spec().network() != null) {
      or(status.spec().network().ports()).forEach(port -> ports.take(port, sandbox.id()));
    }
  }

  static List<InterfaceStatus> interfaces(SandboxStatus status) {
    return or(status.interfaces());
  }

  /** As the packet filter has to know it. */
  SandboxRules rules(SandboxStatus status) {
    List<SandboxRules.Member> members = new ArrayList<>();
    for (InterfaceStatus member : interfaces(status)) {
      Optional<NetworkStatus> network = networks.find(member.network());
      network.ifPresent(
          found ->
              members.add(
                  new SandboxRules.Member(
                      member.hostDevice(), member.mac(), member.plainAddresses(), found.bridge())));
    }
    NetworkSpec asked = status.spec().network();
    return new SandboxRules(
        status.id(),
        members,
        asked == null ? List.of() : or(asked.ports()),
        asked == null ? null : asked.egress());
  }
}
