package io.sandboxd.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.sandbox.net.Egress;
import io.sandboxd.sandbox.net.Protocol;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The packet filter with real packets. Needs root. */
class FirewallIT extends OnTestNetworks {
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void neighboursTalkAndNobodySpeaksForAnother(int bridgesCallIptables) throws Exception {
    bridgesCallIptables(bridgesCallIptables);
    a.sh(
        "ip addr add 10.9.0.77/32 dev eth0; ip addr add fd09::77/128 dev eth0 nodad preferred_lft 0");
    a.send("10.9.0.77", "10.9.0.3", 80);
    assertEquals("10.9.0.77", b.nextDatagram(), "without rules it could");
    a.send("fd09::77", "fd09::3", 80);
    assertEquals("fd09::77", b.nextDatagram());
    reset(rules("a"), rules("b"));
    assertEquals("10.9.0.2", a.tcp("10.9.0.3", 80));
    assertEquals("fd09::2", a.tcp("fd09::3", 80));
    assertEquals("10.9.0.3", b.udp("10.9.0.2", 80));
    a.send("10.9.0.77", "10.9.0.3", 80);
    a.send("fd09::77", "fd09::3", 80);
    a.send("10.9.0.2", "10.9.0.3", 80);
    assertEquals("10.9.0.2", b.nextDatagram());
    assertEquals("nothing", b.udp("10.9.0.77", 80), "an address that it may not have");
    a.sh("ip link set eth0 address 02:00:00:00:00:77");
    a.send("10.9.0.2", "10.9.0.3", 80);
    a.sh("ip link set eth0 address 02:00:00:00:09:02");
    a.send("fd09::2", "fd09::3", 80);
    assertEquals("fd09::2", b.nextDatagram());
  }

  /** CVE-2020-8558: publishing to 127.0.0.1 takes a bridge that routes it. */
  @Test
  void theHostsLoopbackIsItsOwn() throws Exception {
    host.serve(83);
    a.sh("echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet; ip addr del 127.0.0.1/8 dev lo");
    a.sh("ip route add 127.0.0.1/32 via 10.9.0.1 src 10.9.0.2");
    a.send("10.9.0.2", "127.0.0.1", 83);
    assertEquals("10.9.0.2", host.nextDatagram(), "without rules it is not");
    reset(rules("a"), rules("b"));
    a.send("10.9.0.2", "127.0.0.1", 83);
    b.send("10.9.0.3", "10.9.0.1", 83);
    assertEquals("10.9.0.3", host.nextDatagram());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void publishedPortsLeadInFromEverywhere(int bridgesCallIptables) {
    bridgesCallIptables(bridgesCallIptables);
    reset(
        rules("a"),
        rules(
            "b",
            null,
            port(null, 8080, 80, null),
            port(null, 8080, 80, Protocol.UDP),
            port("198.51.100.1", 8081, 81, null),
            port("2001:db8::1", 8081, 81, null)));
    for (String address : List.of("198.51.100.1", "2001:db8::1")) {
      String asker = address.contains(":") ? "2001:db8::2" : "198.51.100.2";
      assertEquals(asker, world.tcp(address, 8080));
      assertEquals(asker, world.udp(address, 8080));
      assertEquals(asker, world.tcp(address, 8081));
      assertEquals(address, host.tcp(address, 8080));
      assertEquals(address, host.udp(address, 8080));
      String gateway = address.contains(":") ? "fd09::1" : "10.9.0.1";
      String own = address.contains(":") ? "fd09::2" : "10.9.0.2";
      // The bridge itself redirects what it shows to the rules of IP.
      String seen = bridgesCallIptables == 0 ? gateway : own;
      assertEquals(seen, a.tcp(address, 8080));
      assertEquals(seen, a.udp(address, 8080));
      assertEquals(seen, a.tcp(gateway, 8080));
      if (bridgesCallIptables == 0) {
        assertEquals(gateway, b.tcp(address, 8080), "it itself");
      }
    }
    assertEquals("10.9.0.1", host.tcp("127.0.0.1", 8080));
    assertEquals("10.9.0.1", host.udp("127.0.0.1", 8080));
    assertRefused(host.tcp("127.0.0.1", 8081), "that is of one address");
    assertRefused(world.tcp("198.51.100.1", 80));
    firewall.remove(rules("b"));
    assertRefused(world.tcp("198.51.100.1", 8080));
    firewall.remove(rules("b"));
  }

  @Test
  void onlyWhatIsNotInternalLeavesTheHostAndWithItsAddress() {
    reset(rules("a"), rules("d"));
    assertEquals("198.51.100.1", a.tcp("198.51.100.2", 80));
    assertEquals("198.51.100.1", a.udp("198.51.100.2", 80));
    assertEquals("2001:db8::1", a.tcp("2001:db8::2", 80));
    assertRefused(d.tcp("198.51.100.2", 80));
    assertRefused(d.tcp("10.9.0.2", 80));
    assertEquals("nothing", a.tcp("10.7.0.2", 80));
    world.sh("ip route add 10.0.0.0/8 via 198.51.100.1; ip route add fd09::/16 via 2001:db8::1");
    assertEquals("nothing", world.tcp("10.9.0.2", 80));
    assertEquals("nothing", world.tcp("fd09::2", 80));
    assertEquals("nothing", world.tcp("10.7.0.2", 80));
    assertEquals("10.9.0.1", host.tcp("10.9.0.2", 80), "the host itself may");
    assertEquals("10.7.0.1", host.tcp("10.7.0.2", 80));
  }

  @Test
  void networksAreIsolatedAndNotTheirPublishedPorts() {
    reset(rules("a"), rules("b", null, port(null, 8080, 80, null)), rules("c"), rules("e"));
    assertEquals("10.9.0.2", a.tcp("10.6.0.2", 80), "neither of them is isolated");
    assertRefused(a.tcp("10.8.0.2", 80));
    assertRefused(c.tcp("10.9.0.2", 80));
    assertRefused(c.tcp("fd09::2", 80));
    assertEquals("10.8.0.2", c.tcp("198.51.100.1", 8080));
    host.serve(82);
    assertEquals("10.8.0.2", c.tcp("10.8.0.1", 82));
    assertEquals("10.8.0.2", c.tcp("198.51.100.1", 82));
    assertRefused(c.tcp("10.9.0.1", 82), "the host, as one of another network");
    assertRefused(c.tcp("fd09::1", 82));
    assertRefused(a.tcp("10.8.0.1", 82));
    assertEquals("10.9.0.2", a.tcp("10.6.0.1", 82));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void egressRulesDecideAboutNeighboursTheHostAndTheWorld(int bridgesCallIptables) {
    bridgesCallIptables(bridgesCallIptables);
    host.serve(82);
    Egress egress =
        denyAllBut(
            DENY_TCP_81,
            allow("10.9.0.3/32", Protocol.TCP, null),
            allow("fd09::3/128", Protocol.TCP, 80),
            allow("198.51.100.0/24", Protocol.UDP, 80),
            allow("2001:db8::/32", Protocol.TCP, 80));
    reset(rules("a", egress, port(null, 8080, 80, null)), rules("b"));
    // First, for the kernel bounds how often it sends such an answer.
    assertRefused(a.udp("fd09::3", 80));
    assertEquals("10.9.0.2", a.tcp("10.9.0.3", 80));
    assertEquals("fd09::2", a.tcp("fd09::3", 80));
    assertEquals("198.51.100.1", a.udp("198.51.100.2", 80));
    assertEquals("2001:db8::1", a.tcp("2001:db8::2", 80));
    for (String denied : List.of("10.9.0.3 81", "fd09::3 81", "198.51.100.2 80", "10.9.0.1 82")) {
      String[] to = denied.split(" ");
      assertRefused(a.tcp(to[0], Integer.parseInt(to[1])), denied);
    }
    Counters counters = firewall.counters(id("a"));
    assertEquals(5, counters.rules().size());
    assertEquals(2, counters.rules().get(0).packets());
    assertEquals(2 * 60 + 20, counters.rules().get(0).bytes());
    counters.rules().forEach(rule -> assertNotEquals(0, rule.packets()));
    assertEquals(3, counters.otherwise().packets());
    assertNull(firewall.counters(id("b")));
    // Answers.
    assertEquals("10.9.0.3", b.tcp("10.9.0.2", 81));
    assertEquals("fd09::3", b.udp("fd09::2", 80));
    assertEquals("198.51.100.2", world.tcp("198.51.100.1", 8080));
    assertEquals("2001:db8::2", world.tcp("2001:db8::1", 8080));
    assertEquals(3, firewall.counters(id("a")).otherwise().packets());
  }

  @Test
  void linkLocalAddressesAreNoWayAroundEgressRules() {
    String neighbour = b.sh("ip -6 -o addr show dev eth0 scope link | grep -o 'fe80[^/]*'").trim();
    String ping = "busybox ping6 -c 1 -W %d -I eth0 " + neighbour;
    reset(rules("a"), rules("b"));
    a.sh(ping.formatted(10));
    firewall.change(rules("a"), rules("a", denyAllBut(allow(null, Protocol.ICMP, null))));
    assertEquals("0", a.sh(ping.formatted(1) + " >/dev/null && echo 1 || echo 0").trim());
    a.sh("busybox ping6 -c 1 -W 10 fd09::3");
    a.sh("busybox ping -c 1 -W 10 10.9.0.3");
  }

  @Test
  void rulesChangeWhileItRuns() throws Exception {
    SandboxRules free = rules("a", null, port(null, 8080, 80, null));
    SandboxRules bound = rules("a", denyAllBut(), port(null, 8080, 81, null));
    reset(free, rules("b"));
    try (Socket toNeighbour = a.connect("10.9.0.3", 80);
        Socket toWorld = a.connect("198.51.100.2", 80);
        Socket fromWorld = world.connect("198.51.100.1", 8080)) {
      for (Socket socket : List.of(toNeighbour, toWorld, fromWorld)) {
        TestHost.line(socket);
        assertEchoes(socket);
      }
      firewall.change(free, bound);
      assertRefused(a.tcp("10.9.0.3", 80));
      assertEquals("198.51.100.2", world.tcp("198.51.100.1", 8080));
      assertEchoes(fromWorld);
      assertThrows(IOException.class, () -> assertEchoes(toWorld));
      firewall.change(bound, free);
      assertEquals("10.9.0.2", a.tcp("10.9.0.3", 80));
      assertEchoes(fromWorld);
    }
    assertThrows(
        IllegalStateException.class,
        () -> firewall.add(rules("b", null, port(null, 8080, 80, null))));
    assertEquals("198.51.100.2", world.tcp("198.51.100.1", 8080));
  }

  @Test
  void madeAnewItCutsNothingAndTouchesNobodyElses() throws Exception {
    host.sh(
        "nft add table inet other; nft add chain inet other c; nft add rule inet other c counter drop");
    String others = host.sh("nft list table inet other");
    assertFalse(firewall.exists());
    firewall.clear();
    SandboxRules b1 = rules("b", denyAllBut(), port(null, 8080, 80, null));
    reset(rules("a"), b1);
    assertTrue(firewall.exists());
    try (Socket in = world.connect("198.51.100.1", 8080);
        Socket out = a.connect("198.51.100.2", 80);
        Socket beside = a.connect("10.9.0.3", 80)) {
      for (Socket socket : List.of(in, out, beside)) {
        TestHost.line(socket);
      }
      firewall = new Firewall(nftables, "sandboxd");
      reset(rules("a"), b1);
      reset(rules("a"), b1);
      for (Socket socket : List.of(in, out, beside)) {
        assertEchoes(socket);
      }
    }
    host.sh("nft delete table inet sandboxd; nft delete table bridge sandboxd"); // by somebody
    firewall.add(rules("c"));
    assertEquals("198.51.100.2", world.tcp("198.51.100.1", 8080));
    firewall.remove(rules("c"));
    assertEquals("198.51.100.2", world.tcp("198.51.100.1", 8080));
    assertEquals(others, host.sh("nft list table inet other"));
    firewall.clear();
    assertFalse(firewall.exists());
    assertEquals(others, host.sh("nft list ruleset"));
  }

  private static void assertEchoes(Socket socket) throws IOException {
    socket.getOutputStream().write("still here\n".getBytes(StandardCharsets.UTF_8));
    assertEquals("still here", TestHost.line(socket), socket::toString);
  }
}
