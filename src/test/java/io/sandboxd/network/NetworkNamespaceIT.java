package io.sandboxd.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.IpAddress;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the kernel makes of our messages, as ip(8) sees it. */
class NetworkNamespaceIT {
  private final Wires wires = new Wires();

  @AfterEach
  void end() {
    wires.close();
  }

  @Test
  void theWalkThrough() {
    Wires.Host here = wires.host();
    Wires.Host there = wires.host();
    try (NetworkNamespace own = new NetworkNamespace(Wires.LIBC, null);
        NetworkNamespace one = here.network();
        NetworkNamespace other = there.network()) {
      own.createVeth(
          new VethEnd(here.namespace(), "eth0", "02:00:00:00:00:0a", 1400),
          new VethEnd(there.namespace(), "wan", "02:00:00:00:00:0b", 1400));
      one.configure("eth0", List.of(Cidr.parse("10.0.0.1/24"), Cidr.parse("fd00::1/64")));
      other.configure("wan", List.of(Cidr.parse("10.0.0.2/24"), Cidr.parse("fd00::2/64")));
      here.run("ping", "-c", "1", "-W", "5", "10.0.0.2");
      here.run("ping", "-c", "1", "-W", "5", "fd00::2");
      Device device = one.find("eth0");
      assertEquals("02:00:00:00:00:0a", device.mac());
      assertEquals(1400, device.mtu());
      assertTrue(device.up());
      assertTrue(device.counters().rxPackets() >= 2);
      assertTrue(here.run("ip", "addr", "show", "eth0").contains("10.0.0.1/24 brd 10.0.0.255"));
      assertNull(own.find("eth0.none"));

      other.delete("wan");
      assertNull(one.find("eth0"));
      one.delete("eth0");
    }
  }

  @Test
  void aBridgeWithManyPorts() {
    Wires.Host host = wires.host();
    List<Wires.Host> members = IntStream.range(0, 3).mapToObj(i -> wires.host()).toList();
    try (NetworkNamespace network = host.network()) {
      network.createBridge("sbr-1", "02:00:00:00:01:00", 1500, "sandboxd:net");
      int bridge = network.configure("sbr-1", List.of(Cidr.parse("10.1.0.1/24")));
      for (int i = 0; i < members.size(); i++) {
        try (NetworkNamespace member = members.get(i).network()) {
          network.createVeth(
              new VethEnd(null, "sbv-" + i, MacAddress.random(), 1500),
              new VethEnd(members.get(i).namespace(), "eth0", MacAddress.random(), 1500));
          network.bePort("sbv-" + i, bridge, "a note");
          int index = member.configure("eth0", List.of(Cidr.parse("10.1.0." + (i + 2) + "/24")));
          member.addRoute(Cidr.parse("0.0.0.0/0"), IpAddress.parse("10.1.0.1"), index);
          member.addRoute(Cidr.parse("10.7.0.0/16"), IpAddress.parse("10.1.0.9"), 0);
          assertTrue(member.destinations().contains(Cidr.parse("10.7.0.0/16")));
        }
      }
      members.get(0).run("ping", "-c", "1", "-W", "5", "10.1.0.4");
      members.get(2).run("ping", "-c", "1", "-W", "5", "10.1.0.1");
      assertTrue(members.get(1).run("ip", "route").contains("default via 10.1.0.1 dev eth0"));
      assertFalse(host.run("ip", "-6", "addr", "show", "dev", "sbv-0").contains("inet6"));
      assertEquals(5, network.devices().size());
      assertEquals("a note", network.find("sbv-1").alias());
      assertEquals("sandboxd:net", network.find("sbr-1").alias());
      assertTrue(network.destinations().contains(Cidr.parse("10.1.0.0/24")));
      network.delete("sbr-1");
    }
  }

  @Test
  void whatTheKernelRefusesIsSaid() {
    Wires.Host host = wires.host();
    try (NetworkNamespace network = host.network()) {
      network.createBridge("sbr-1", MacAddress.random(), 1500, "x");
      ErrnoException taken =
          assertThrows(
              ErrnoException.class,
              () -> network.createBridge("sbr-1", MacAddress.random(), 1500, "x"));
      assertEquals(Errno.EEXIST, taken.errno());
      assertTrue(taken.getMessage().startsWith("rtnetlink RTM_NEWLINK sbr-1"), taken.getMessage());
      ErrnoException unreachable =
          assertThrows(
              ErrnoException.class,
              () -> network.addRoute(Cidr.parse("0.0.0.0/0"), IpAddress.parse("10.9.9.9"), 0));
      assertTrue(unreachable.getMessage().contains("gateway"), unreachable.getMessage());
    }
  }
}
