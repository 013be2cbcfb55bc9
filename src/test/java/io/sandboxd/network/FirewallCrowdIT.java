package io.sandboxd.network;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sandboxd.network.SandboxRules.Member;
import io.sandboxd.sandbox.net.Egress;
import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.PublishedPort;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The packet filter with thousands of ports and sandboxes; it prints how long that takes. */
class FirewallCrowdIT extends OnTestNetworks {
  @Test
  void thousandsOfPortsAndSandboxes() {
    reset(rules("a"));
    List<PublishedPort> ports = new ArrayList<>();
    IntStream.range(20_000, 25_000).forEach(each -> ports.add(port(null, each, 80, null)));
    SandboxRules many = rules("b", null, ports.toArray(new PublishedPort[0]));
    timed("add 5,000 ports", () -> firewall.add(many));
    assertEquals("198.51.100.2", world.tcp("198.51.100.1", 24_999));
    timed("add one sandbox beside 5,000 ports", () -> firewall.add(crowd(5_000, null)));
    timed("make anew", () -> reset(rules("a"), many));
    timed("remove 5,000 ports", () -> firewall.remove(many));
    assertRefused(world.tcp("198.51.100.1", 24_999));
    Egress egress = denyAllBut(DENY_TCP_81, allow("10.0.0.0/8", null, null));
    for (Egress each : new Egress[] {null, egress}) {
      for (int i = 0; i < 1_000; i++) {
        SandboxRules one = crowd(i, each);
        if (i == 5 || i == 100 || i == 999) {
          String what = (each == null ? "without" : "with") + " egress, number " + i;
          timed("add " + what, () -> firewall.add(one));
          timed("counters", () -> firewall.counters(one.id()));
          timed("remove " + what, () -> firewall.remove(one));
        }
        firewall.add(one);
      }
      IntStream.range(0, 1_000).forEach(i -> firewall.remove(crowd(i, null)));
    }
    assertEquals("198.51.100.1", a.tcp("198.51.100.2", 80));
  }

  private static SandboxRules crowd(int number, Egress egress) {
    return new SandboxRules(
        "%016x".formatted(0x1000 + number),
        List.of(
            new Member(
                "vc" + number,
                "02:00:01:00:%02x:%02x".formatted(number >> 8, number & 0xff),
                List.of(
                    IpAddress.parse("10.9." + (1 + (number >> 8)) + "." + (number & 0xff)),
                    IpAddress.parse("fd09::1:%x".formatted(number + 1))),
                "br0")),
        List.of(port(null, 30_000 + number, 80, null)),
        egress);
  }

  private static void timed(String what, Runnable work) {
    long start = System.nanoTime();
    work.run();
    System.out.printf("firewall: %s: %.1f ms%n", what, (System.nanoTime() - start) / 1e6);
  }
}
