package io.sandboxd.network;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.InterfaceStatus;
import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.NetworkSpec.Rates;
import io.sandboxd.sandbox.net.NetworkStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The daemon's interfaces in its own network namespace: bridges, and the outer ends of the cables
 * of their members. What the kernel refuses is an {@link ErrnoException}.
 */
public final class HostNetwork {
  private static final Path SYSCTLS = Path.of("/proc/sys/net");

  private final Syscalls syscalls;
  private final DeviceNames names;

  /**
   * @param names by which what is ours is told from what is not
   */
  public HostNetwork(Syscalls syscalls, DeviceNames names) {
    this.syscalls = syscalls;
    this.names = names;
  }

  private NetworkNamespace own() {
    return new NetworkNamespace(syscalls, null);
  }

  /** The networks the host has routes to. */
  public List<Cidr> destinations() {
    try (NetworkNamespace own = own()) {
      return own.destinations();
    }
  }

  /** The names of all interfaces. */
  public List<String> devices() {
    try (NetworkNamespace own = own()) {
      return own.devices().stream().map(Device::name).toList();
    }
  }

  /** Harmless when there is none, and for one that is not ours: a file may say what it likes. */
  public void delete(String device) {
    if (names.isOurs(device)) {
      try (NetworkNamespace own = own()) {
        own.delete(device);
      }
    }
  }

  /** Makes a network's bridge; one that is there already is brought into shape. */
  public void createBridge(NetworkStatus network) {
    try (NetworkNamespace own = own()) {
      if (own.find(network.bridge()) == null) {
        own.createBridge(
            network.bridge(), network.mac(), network.mtu(), "sandboxd network " + network.name());
      }
      // Before it is switched on, so that none of it is ever without.
      set("ipv4/conf/" + network.bridge() + "/route_localnet", "1"); // for ports of 127.0.0.1
      if (Files.exists(SYSCTLS.resolve("ipv6/conf/" + network.bridge()))) {
        // Its own link-local address, without which it asks for no neighbours: at once. Where less
        // than IPv6 needs passes, there is none.
        set("ipv6/conf/" + network.bridge() + "/accept_dad", "0");
      }
      List<Cidr> addresses = new ArrayList<>();
      for (IpAddress gateway : network.gateways()) {
        addresses.add(new Cidr(gateway, network.subnetOf(gateway).orElseThrow().prefix()));
        set(gateway.isV4() ? "ipv4/ip_forward" : "ipv6/conf/all/forwarding", "1");
      }
      configure(own, network.bridge(), addresses);
    }
  }

  /** Addresses that it has already are left as they are. */
  private static void configure(NetworkNamespace own, String bridge, List<Cidr> addresses) {
    for (Cidr address : addresses) {
      try {
        own.configure(bridge, List.of(address));
      } catch (ErrnoException e) {
        if (e.errno() != Errno.EEXIST) {
          throw e;
        }
      }
    }
    own.configure(bridge, List.of());
  }

  /** A host that is no router yet becomes one: sandboxes have no other way out. */
  private static void set(String sysctl, String value) {
    Path file = SYSCTLS.resolve(sysctl);
    try {
      if (!Files.readString(file).strip().equals(value)) {
        Files.writeString(file, value + "\n");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Limits what goes through a member's interface; again and again, while it is in use.
   *
   * @param rates null: no limits
   */
  public void limit(InterfaceStatus member, Rates rates) {
    names.requireOurs(member.hostDevice());
    try (NetworkNamespace own = own()) {
      Shaping.limit(
          own,
          member.hostDevice(),
          DeviceNames.mirror(member.hostDevice()),
          rates == null ? null : rates.ingress(),
          rates == null ? null : rates.egress());
    }
  }

  /**
   * Puts a sandbox on a network.
   *
   * @param namespace the sandbox's
   * @param defaultRoute whether the network's gateway is where all goes that has no other route
   * @param alias a note for people
   */
  public void connect(
      InterfaceStatus member,
      NetworkStatus network,
      Fd namespace,
      boolean defaultRoute,
      String alias) {
    try (NetworkNamespace own = own();
        NetworkNamespace inside = new NetworkNamespace(syscalls, namespace)) {
      own.createVeth(
          new VethEnd(null, member.hostDevice(), MacAddress.random(), network.mtu()),
          new VethEnd(namespace, member.device().text(), member.mac(), network.mtu()));
      own.bePort(member.hostDevice(), own.index(network.bridge()), alias);
      int index = inside.configureMember(member.device().text(), member.addresses());
      for (IpAddress address : defaultRoute ? member.plainAddresses() : List.<IpAddress>of()) {
        inside.addRoute(
            Cidr.parse(address.isV4() ? "0.0.0.0/0" : "::/0"),
            network.gatewayFor(address).orElseThrow(),
            index);
      }
    }
  }
}
