package io.sandboxd.network;

import io.sandboxd.sandbox.net.BitRate;
import io.sandboxd.sandbox.net.Cidr;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Figures. */
class ShapingIT {
  private final Wires wires = new Wires();

  @Test
  void figures() {
    Wires.Host host = wires.host();
    Wires.Host sandbox = wires.host();
    try (NetworkNamespace outside = host.network();
        NetworkNamespace inside = sandbox.network()) {
      outside.createVeth(
          new VethEnd(null, "sbv-1", MacAddress.random(), 1500),
          new VethEnd(sandbox.namespace(), "eth0", MacAddress.random(), 1500));
      outside.createBridge("sbr-1", MacAddress.random(), 1500, "x");
      int bridge = outside.configure("sbr-1", List.of(Cidr.parse("10.2.0.1/24")));
      outside.bePort("sbv-1", bridge, "x");
      inside.configure("eth0", List.of(Cidr.parse("10.2.0.2/24")));
      System.out.println("free " + Traffic.send(host, sandbox, "10.2.0.2", "tcp", 2000).megabits());
      for (String rate : System.getProperty("rates", "1Mbit 20Mbit 1Gbit 10Gbit").split(" ")) {
        BitRate r = BitRate.parse(rate);
        Shaping.limit(outside, "sbv-1", "sbi-1", r, r);
        System.out.println(host.run("tc", "qdisc"));
        System.out.println(
            "TO " + rate + " " + Traffic.send(host, sandbox, "10.2.0.2", "tcp", 4000).megabits());
        System.out.println(
            "FROM " + rate + " " + Traffic.send(sandbox, host, "10.2.0.1", "tcp", 4000).megabits());
        System.out.println(
            "UDPTO "
                + rate
                + " "
                + Traffic.send(host, sandbox, "10.2.0.2", "udp", 2000).megabits());
        System.out.println(
            "UDPFROM "
                + rate
                + " "
                + Traffic.send(sandbox, host, "10.2.0.1", "udp", 2000).megabits());
      }
      System.out.println(host.run("tc", "-s", "filter", "show", "dev", "sbv-1", "parent", "ffff:"));
      System.out.println(host.run("tc", "-s", "qdisc"));
      Shaping.limit(outside, "sbv-1", "sbi-1", null, null);
      Shaping.limit(outside, "sbv-1", "sbi-1", null, null);
      System.out.println(host.run("tc", "qdisc"));
      System.out.println(host.run("ip", "link"));
    }
    wires.close();
  }
}
