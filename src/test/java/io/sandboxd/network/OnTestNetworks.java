package io.sandboxd.network;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sandboxd.linux.Nftables;
import io.sandboxd.network.SandboxRules.Member;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.Egress;
import io.sandboxd.sandbox.net.Egress.Action;
import io.sandboxd.sandbox.net.Egress.Rule;
import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.PortRange;
import io.sandboxd.sandbox.net.Protocol;
import io.sandboxd.sandbox.net.PublishedPort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/**
 * A host with four bridges and their members, and a world outside, all of them in network
 * namespaces that end with the test.
 */
abstract class OnTestNetworks {
  private static final List<BridgeRules> BRIDGES =
      List.of(
          bridge("br0", 9, false, false),
          bridge("br1", 8, true, false),
          bridge("br2", 7, false, true),
          bridge("br3", 6, false, false));

  /** Each one's bridge, and the last part of its addresses. */
  private static final Map<String, int[]> PLACES =
      Map.of(
          "a", new int[] {0, 2},
          "b", new int[] {0, 3},
          "c", new int[] {1, 2},
          "d", new int[] {2, 2},
          "e", new int[] {3, 2});

  private final List<TestHost> hosts = new ArrayList<>();
  TestHost host;
  TestHost world;
  TestHost a;
  TestHost b;
  TestHost c;
  TestHost d;
  Nftables nftables;
  Firewall firewall;

  @BeforeAll
  static void requireWhatItTakes() throws IOException {
    assumeTrue("root".equals(System.getProperty("user.name")), "network namespaces take root");
    assumeTrue(
        !Files.readString(Path.of("/proc/net/if_inet6")).isEmpty(),
        "Java does without IPv6 where the host has no address of it");
  }

  @BeforeEach
  void connect() {
    host = made();
    // Duplicates are not looked for: till then a host does not ask for its neighbours.
    host.sh(
        "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding;"
            + " echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad");
    world = made();
    host.sh("ip link add up0 type veth peer name eth0 netns " + world.tid);
    address(host, "up0", "198.51.100.1/24", "2001:db8::1/64");
    address(world, "eth0", "198.51.100.2/24", "2001:db8::2/64");
    world.serve(80);
    for (BridgeRules bridge : BRIDGES) {
      String name = bridge.device();
      host.sh(
          "ip link add " + name + " type bridge; ip link set " + name + " address " + bridge.mac());
      bridge.subnets().forEach(subnet -> address(host, name, subnet.toString()));
      host.sh("echo 1 >/proc/sys/net/ipv4/conf/" + name + "/route_localnet");
    }
    a = member("a");
    b = member("b");
    c = member("c");
    d = member("d");
    member("e");
    nftables = new Nftables();
    firewall = new Firewall(nftables, "sandboxd");
    host.run(() -> nftables.run("list tables")); // so it is about that host
  }

  @AfterEach
  void disconnect() throws Exception {
    for (TestHost each : hosts) {
      each.close();
    }
  }

  private TestHost made() {
    TestHost made = new TestHost();
    hosts.add(made);
    return made;
  }

  private static BridgeRules bridge(String device, int net, boolean isolated, boolean internal) {
    return new BridgeRules(
        device,
        "02:00:00:00:00:0" + net,
        List.of(Cidr.parse("10." + net + ".0.1/16"), Cidr.parse("fd0" + net + "::1/64")),
        isolated,
        internal);
  }

  private static void address(TestHost on, String device, String... addresses) {
    for (String address : addresses) {
      String flags = address.contains(":") ? " nodad" : "";
      on.sh("ip addr add " + address + " dev " + device + flags);
    }
    on.sh("ip link set " + device + " up");
  }

  private TestHost member(String name) {
    TestHost made = made();
    BridgeRules bridge = BRIDGES.get(PLACES.get(name)[0]);
    Member member = rules(name).members().get(0);
    host.sh(
        "ip link add %s type veth peer name eth0 address %s netns %s; ip link set %s master %s up"
            .formatted(member.device(), member.mac(), made.tid, member.device(), bridge.device()));
    made.sh("echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad");
    address(made, "eth0", member.addresses().get(0) + "/16", member.addresses().get(1) + "/64");
    for (Cidr gateway : bridge.subnets()) {
      made.sh("ip route add default via " + gateway.address());
    }
    made.serve(80);
    made.serve(81);
    return made;
  }

  static String id(String name) {
    return name.repeat(16);
  }

  static SandboxRules rules(String name) {
    return rules(name, null);
  }

  static SandboxRules rules(String name, Egress egress, PublishedPort... ports) {
    int[] place = PLACES.get(name);
    int net = 9 - place[0];
    Member member =
        new Member(
            "v-" + name,
            "02:00:00:00:0%d:0%d".formatted(net, place[1]),
            List.of(
                IpAddress.parse("10." + net + ".0." + place[1]),
                IpAddress.parse("fd0" + net + "::" + place[1])),
            BRIDGES.get(place[0]).device());
    return new SandboxRules(id(name), List.of(member), List.of(ports), egress);
  }

  void reset(SandboxRules... sandboxes) {
    firewall.reset(BRIDGES, List.of(sandboxes));
  }

  /** Whether bridged packets are seen by the rules of IP, as hosts with Docker have it. */
  void bridgesCallIptables(int whether) {
    host.sh(
        "for each in iptables ip6tables; do f=/proc/sys/net/bridge/bridge-nf-call-$each;"
            + " [ ! -e $f ] || echo "
            + whether
            + " >$f; done");
  }

  static final Rule DENY_TCP_81 = new Rule(Action.DENY, null, Protocol.TCP, PortRange.of(81));

  static Egress denyAllBut(Rule... rules) {
    return new Egress(Action.DENY, List.of(rules));
  }

  static Rule allow(String to, Protocol protocol, Integer port) {
    return new Rule(
        Action.ALLOW,
        to == null ? null : Cidr.parse(to),
        protocol,
        port == null ? null : PortRange.of(port));
  }

  static PublishedPort port(String address, int host, int inside, Protocol protocol) {
    return new PublishedPort(
        address == null ? null : IpAddress.parse(address), host, inside, protocol);
  }

  static void assertRefused(String answer, String... why) {
    assertTrue(answer.startsWith("refused"), () -> answer + " " + List.of(why));
  }
}
