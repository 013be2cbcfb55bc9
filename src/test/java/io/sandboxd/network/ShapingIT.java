package io.sandboxd.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.net.BitRate;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.Conditions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What gets through, by real packets: a host with a bridge, and a sandbox at a port of it. */
class ShapingIT {
  private static final String OUTSIDE = "10.2.0.1";
  private static final String INSIDE = "10.2.0.2";
  private static final String PORT = "sbv-1";
  private static final String MIRROR = "sbi-1";

  /** Of the rate; TCP has 4 % of it less, for its headers. */
  private static final double TOLERANCE = 0.15;

  private static final int MILLIS = 2_500;

  private final Wires wires = new Wires();
  private Wires.Host host;
  private Wires.Host sandbox;
  private NetworkNamespace outside;
  private NetworkNamespace inside;

  @BeforeEach
  void begin() {
    host = wires.host();
    sandbox = wires.host();
    outside = host.network();
    inside = sandbox.network();
    outside.createVeth(
        new VethEnd(null, PORT, MacAddress.random(), 1_500),
        new VethEnd(sandbox.namespace(), "eth0", MacAddress.random(), 1_500));
    outside.createBridge("sbr-1", MacAddress.random(), 1_500, "x");
    int bridge = outside.configure("sbr-1", List.of(Cidr.parse(OUTSIDE + "/24")));
    outside.bePort(PORT, bridge, "x");
    inside.configure("eth0", List.of(Cidr.parse(INSIDE + "/24")));
  }

  @AfterEach
  void end() {
    outside.close();
    inside.close();
    wires.close();
  }

  @Test
  void eachDirectionHasItsLimit() {
    limit("20Mbit", "8Mbit");
    assertRate(20, toSandbox("tcp"));
    assertRate(8, fromSandbox("tcp"));
    assertAtMost(20, toSandbox("udp"));
    assertAtMost(8, fromSandbox("udp"));
  }

  @Test
  void limitsAreChangedAndTakenAway() {
    limit(null, null);
    limit("5Mbit", null);
    assertNull(outside.find(MIRROR));
    limit("5Mbit", "5Mbit");
    limit("5Mbit", "5Mbit");
    assertRate(5, fromSandbox("tcp"));
    limit(null, "10Mbit");
    assertRate(10, fromSandbox("tcp"));
    assertTrue(toSandbox("tcp") > 30, "no limit in this direction");
    limit(null, null);
    assertTrue(fromSandbox("tcp") > 30, "no limit any more");
    limit(null, null);
    assertNull(outside.find(MIRROR));
    limit("1Mbit", "1Mbit");
    limit("1Mbit", null);
    assertNull(outside.find(MIRROR));
  }

  /** Packets of 64 KiB wait in the queue when the limit comes, which lets out 10 kB at a time. */
  @Test
  void whatIsUnderWayGoesOnWithTheNewLimit() throws Exception {
    limit("2Gbit", "2Gbit");
    CompletableFuture<Double> sent = CompletableFuture.supplyAsync(() -> fromSandbox("tcp"));
    Awaitility.await().until(() -> inside.find("eth0").counters().txBytes() > 4_000_000);
    limit("10Mbit", "10Mbit");
    long before = inside.find("eth0").counters().txBytes();
    Awaitility.await().until(() -> inside.find("eth0").counters().txBytes() > before + 500_000);
    limit(null, null);
    assertTrue(sent.get(1, TimeUnit.MINUTES) > 10);
  }

  @Test
  void theLimitOfAnInterfaceThatIsGoneCanBeTakenAway() {
    limit("10Mbit", "10Mbit");
    inside.delete("eth0");
    assertNotNull(outside.find(MIRROR));
    ErrnoException gone = assertThrows(ErrnoException.class, () -> limit("10Mbit", null));
    assertEquals(Errno.ENODEV, gone.errno());
    limit(null, null);
    assertNull(outside.find(MIRROR));
  }

  @Test
  void aCableOfALowRate() {
    Conditions slow = new Conditions(BitRate.parse("10Mbit"), null, null, null);
    Shaping.simulate(inside, "eth0", slow);
    assertRate(10, fromSandbox("tcp"));
    Shaping.simulate(inside, "eth0", null);
    assertTrue(fromSandbox("tcp") > 30, "as well as can be");
  }

  @Test
  void aCableThatIsLongAndBad() {
    Conditions slow = new Conditions(null, Duration.ofMillis(100), Duration.ofMillis(5), null);
    try {
      Shaping.simulate(inside, "eth0", slow);
    } catch (SandboxException e) {
      assertEquals(ErrorCode.LAUNCH_FAILED, e.code());
      assertTrue(e.getMessage().contains("CONFIG_NET_SCH_NETEM (module sch_netem)"), e.toString());
      Assumptions.abort("the kernel has no sch_netem");
    }
    String said = host.run("ping", "-c", "5", "-i", "0.2", "-q", INSIDE);
    double fastest = Double.parseDouble(said.replaceFirst("(?s).* = ([0-9.]+)/.*", "$1"));
    assertTrue(fastest >= 95, said);
    Shaping.simulate(
        inside, "eth0", new Conditions(BitRate.parse("10Mbit"), Duration.ofMillis(20), null, null));
    assertRate(10, fromSandbox("tcp"));
    Shaping.simulate(inside, "eth0", new Conditions(null, null, null, 100.0));
    assertThrows(IllegalStateException.class, () -> host.run("ping", "-c", "2", "-W", "1", INSIDE));
    Shaping.simulate(inside, "eth0", null);
    host.run("ping", "-c", "1", "-W", "5", INSIDE);
  }

  private void limit(String toSandbox, String fromSandbox) {
    Shaping.limit(outside, PORT, MIRROR, rate(toSandbox), rate(fromSandbox));
  }

  private static BitRate rate(String text) {
    return text == null ? null : BitRate.parse(text);
  }

  private double toSandbox(String protocol) {
    return Traffic.send(host, sandbox, INSIDE, protocol, MILLIS).megabits();
  }

  private double fromSandbox(String protocol) {
    return Traffic.send(sandbox, host, OUTSIDE, protocol, MILLIS).megabits();
  }

  private static void assertRate(double set, double megabits) {
    assertEquals(set, megabits, set * TOLERANCE);
  }

  private static void assertAtMost(double set, double megabits) {
    assertFalse(megabits > set * (1 + TOLERANCE), megabits + " Mbit/s");
  }
}
