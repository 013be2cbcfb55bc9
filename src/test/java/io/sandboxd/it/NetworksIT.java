package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.path.json.JsonPath;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Sandboxes on networks, with real traffic between them, their host and a world outside. */
class NetworksIT {
  private static Town town;

  @BeforeAll
  static void start() throws IOException {
    town = new Town().start();
    town.serve(town.world, 7000, "world");
  }

  @AfterEach
  void clean() throws IOException {
    town.nothingIsLeft();
  }

  @AfterAll
  static void end() throws IOException {
    if (town != null) {
      town.close();
    }
  }

  private static boolean reaches(TestSandbox from, String address, int port) {
    String script = "curl -sS -m 5 " + Town.url(address, port);
    return from.exec(List.of("sh", "-c", script)).getInt("exit.code") == 0;
  }

  private static boolean pings(TestSandbox from, String address) {
    String six = address.contains(":") ? "6" : "";
    return from.exec(List.of("busybox", "ping" + six, "-c", "1", "-W", "3", address))
            .getInt("exit.code")
        == 0;
  }

  @Test
  void membersReachEachOtherByNameAndTheWorld() {
    JsonPath blue = town.network("name", "blue", "subnets", List.of("10.5.0.0/24", "fd05::/64"));
    assertEquals(List.of("10.5.0.1", "fd05::1"), blue.getList("gateways"));
    TestSandbox a = town.member("a", "blue");
    TestSandbox b = town.member("b", "blue");
    assertEquals(
        List.of("10.5.0.3/24", "fd05::3/64"), b.inspect().getList("interfaces[0].addresses"));
    assertTrue(pings(a, "b"), "by its name in /etc/hosts");
    assertTrue(pings(a, "fd05::3"));
    assertTrue(a.sh("ip -o -6 addr show dev eth0").contains("scope link"));
    assertTrue(pings(a, "10.5.0.1"));
    Town.serve(b, 80, "hello");
    assertEquals("hello", a.sh("curl -sS -m 10 http://b/"));
    assertEquals("world", a.sh("curl -sS -m 10 " + Town.url("192.0.2.2", 7000)));
    assertTrue(pings(a, "2001:db8::2"), "masqueraded: the world knows nothing of fd05::");
    town.world.run("ip", "route", "add", "10.5.0.0/24", "via", "192.0.2.1");
    assertThrowsFetch("10.5.0.3", 80);
    town.world.run("ip", "route", "del", "10.5.0.0/24");

    JsonPath shown = town.daemon.given().get("/v1/networks/blue").jsonPath();
    assertEquals(List.of("a", "b"), shown.getList("members.sandbox"));
    b.delete().then().statusCode(204);
    assertFalse(a.sh("cat /etc/hosts").contains("10.5.0.3"));
    JsonPath stats = a.get("/stats").jsonPath();
    assertTrue(stats.getLong("network.eth0.txPackets") > 0, stats.prettify());
  }

  private static void assertThrowsFetch(String address, int port) {
    boolean reached = true;
    try {
      town.world.run("curl", "-sS", "-m", "3", Town.url(address, port));
    } catch (IllegalStateException e) {
      reached = false;
    }
    assertFalse(reached, address + " is nobody's outside");
  }

  @Test
  void networksAreIsolatedAndInternalOnesHaveNoWayOut() {
    town.network("name", "blue");
    town.network("name", "red");
    town.network("name", "inner", "internal", true);
    TestSandbox a = town.member("a", "blue");
    TestSandbox b = town.member("b", "red");
    TestSandbox c = town.member("c", "inner");
    TestSandbox d = town.member("d", "inner", "blue");
    assertFalse(pings(a, Town.address(b)));
    assertFalse(pings(c, Town.address(a)));
    assertFalse(pings(c, "192.0.2.2"));
    assertTrue(pings(c, Town.address(d)));
    assertEquals("", d.sh("ip -o -6 addr show dev eth0"), "all of IPv4 only: none speaks IPv6");
    assertTrue(pings(d, Town.address(a)));
    assertTrue(pings(d, "192.0.2.2"), "by the network that leads out");
    assertEquals("", c.sh("ip route show default"));
    assertEquals("", c.sh("cat /etc/resolv.conf"));
  }

  @Test
  void portsArePublishedAndGoWithTheSandbox() throws IOException {
    town.network("name", "blue", "subnets", List.of("10.5.0.0/24", "fd05::/64"));
    TestSandbox web =
        town.sandbox(
            "web",
            json(
                "networks", Town.named("blue"),
                "ports",
                    List.of(
                        json("hostPort", 8080, "port", 80),
                        json("hostPort", 8081, "port", 80, "hostAddress", "192.0.2.1"),
                        json("hostPort", 5353, "protocol", "udp"))));
    TestSandbox neighbour = town.member("neighbour", "blue");
    Town.serve(web, 80, "hello");
    for (String host : List.of("192.0.2.1", "2001:db8::1")) {
      assertEquals("hello", Town.fetch(town.world, host, 8080));
      assertEquals("hello", Town.fetch(town.host, host, 8080));
    }
    assertEquals("hello", Town.fetch(town.host, "127.0.0.1", 8080));
    assertEquals("hello", Town.fetch(town.world, "192.0.2.1", 8081));
    assertTrue(reaches(neighbour, "192.0.2.1", 8080), "round by the host");
    String echo =
        "$s = IO::Socket::INET->new(LocalPort => 5353, Proto => 'udp'); print STDERR 'up';"
            + " while ($s->recv($m, 99)) { $s->send(\"echo $m\") }";
    web.spawn("udp", List.of("perl", "-MIO::Socket::INET", "-e", echo));
    await().until(() -> web.get("/processes/udp/output?stream=stderr").asString().equals("up"));
    String ask = "exec 3<>/dev/udp/192.0.2.1/5353; printf x >&3; timeout 20 head -c 6 <&3";
    assertEquals("echo x", town.world.run("bash", "-c", ask));
    assertEquals("echo x", town.host.run("bash", "-c", ask));

    JsonPath taken =
        town.post(
            409,
            "/v1/sandboxes",
            json(
                "network",
                json("networks", Town.named("blue"), "ports", List.of(json("hostPort", 8080)))));
    assertEquals("address_in_use", taken.getString("code"));
    assertEquals("network.ports[0].hostPort", taken.getString("field"));
    town.serve(town.host, 9999, "the host's own");
    JsonPath busy =
        town.post(
            409,
            "/v1/sandboxes",
            json(
                "network",
                json("networks", Town.named("blue"), "ports", List.of(json("hostPort", 9999)))));
    assertTrue(busy.getString("detail").contains("is in use by a program"), busy.prettify());

    web.delete().then().statusCode(204);
    assertFalse(reaches(neighbour, "192.0.2.1", 8080));
    town.sandbox(
        "next", json("networks", Town.named("blue"), "ports", List.of(json("hostPort", 8080))));
  }

  @Test
  void egressIsDecidedByRulesThatChangeLive() throws IOException {
    town.network("name", "blue");
    TestSandbox other = town.member("other", "blue");
    Town.serve(other, 80, "neighbour");
    TestSandbox a =
        town.sandbox(
            "a",
            json(
                "networks", Town.named("blue"),
                "egress",
                    json(
                        "default",
                        "deny",
                        "rules",
                        List.of(
                            json(
                                "action",
                                "allow",
                                "to",
                                "192.0.2.0/24",
                                "protocol",
                                "tcp",
                                "ports",
                                7000)))));
    assertTrue(reaches(a, "192.0.2.2", 7000));
    assertFalse(pings(a, "192.0.2.2"));
    assertFalse(reaches(a, Town.address(other), 80), "a neighbour is no exception");
    assertTrue(pings(other, Town.address(a)), "who asks is answered");
    JsonPath counted = a.get("/stats").jsonPath();
    assertTrue(counted.getLong("egress.rules[0].packets") > 0, counted.prettify());
    assertTrue(counted.getLong("egress.default.packets") > 0, counted.prettify());

    patch(
        a,
        json(
            "egress",
            json(
                "default",
                "allow",
                "rules",
                List.of(json("action", "deny", "to", "192.0.2.0/24")))));
    assertFalse(reaches(a, "192.0.2.2", 7000));
    assertTrue(reaches(a, Town.address(other), 80));
    java.util.Map<String, Object> none = new java.util.LinkedHashMap<>();
    none.put("egress", null);
    patch(a, none);
    assertTrue(reaches(a, "192.0.2.2", 7000));
    assertNull(a.inspect().getMap("spec.network.egress"));
  }

  @Test
  void whatNeighboursDiscoverEachOtherByStaysAmongThem() {
    town.network("name", "blue", "subnets", List.of("10.5.0.0/24", "fd05::/64"));
    TestSandbox a =
        town.sandbox("a", json("networks", Town.named("blue"), "egress", json("default", "deny")));
    town.world.run("nft", "add table inet seen");
    town.world.run("nft", "add chain inet seen in { type filter hook prerouting priority 0; }");
    town.world.run("nft", "add rule inet seen in ip6 saddr fd05::/64 counter");
    for (int type : new int[] {131, 133, 135, 136, 143}) {
      String send =
          "socket(S, AF_INET6, SOCK_RAW, 58) or die; setsockopt(S, 41, 16, pack('i', 255)) or die;"
              + " send(S, pack('CCnN', TYPE, 0, 0, 0) . 'secret', 0,"
              + " pack_sockaddr_in6(0, inet_pton(AF_INET6, '2001:db8::2'))) or die";
      a.exec(
          List.of("perl", "-MSocket=:all", "-e", send.replace("TYPE", "" + type)),
          "capabilities",
          List.of("CAP_NET_RAW"));
    }
    String seen = town.world.run("nft", "list", "table", "inet", "seen");
    town.world.run("nft", "delete table inet seen");
    assertTrue(seen.contains("counter packets 0 bytes 0"), seen);
  }

  private static void patch(TestSandbox sandbox, Map<String, Object> network) {
    sandbox.patch(Map.of("network", network)).then().statusCode(200);
  }

  @Test
  void ratesAreSetAndLifted() {
    town.network("name", "blue");
    TestSandbox a =
        town.sandbox(
            "a",
            json("networks", Town.named("blue"), "rates", json("eth0", json("ingress", "20Mbit"))));
    String device = a.inspect().getString("interfaces[0].hostInterface");
    assertTrue(town.host.run("tc", "qdisc", "show", "dev", device).contains("rate 20Mbit"));
    patch(a, json("rates", json("eth0", json("ingress", "40Mbit", "egress", "10Mbit"))));
    String qdiscs = town.host.run("tc", "qdisc", "show");
    assertTrue(qdiscs.contains("rate 40Mbit") && qdiscs.contains("rate 10Mbit"), qdiscs);
    assertFalse(qdiscs.contains("rate 20Mbit"), qdiscs);
    assertTrue(pings(a, "192.0.2.2"));
    Map<String, Object> none = new java.util.LinkedHashMap<>();
    none.put("rates", null);
    patch(a, none);
    assertFalse(town.host.run("tc", "qdisc", "show").contains("tbf"));
  }

  @Test
  void addressesAreKeptOverRestartsAndNotGivenOutAgainAtOnce() {
    town.network("name", "blue");
    TestSandbox a = town.member("a", "blue");
    TestSandbox b = town.member("b", "blue");
    String rules = town.host.run("nft", "list", "ruleset");
    b.delete().then().statusCode(204);
    TestSandbox c = town.member("c", "blue");
    assertNotEquals("10.89.0.3", Town.address(c));
    town.daemon.kill();
    assertTrue(town.host.run("ip", "-o", "link").contains("sbv"), "they outlive the daemon");
    town.daemon.start();
    assertEquals("10.89.0.2", Town.address(a));
    assertTrue(pings(a, "c"));
    assertEquals(
        rules.replaceAll("\\W+", " ").length() > 100,
        town.host.run("nft", "list", "ruleset").contains("table inet sandboxd"));
    TestSandbox d = town.member("d", "blue");
    assertFalse(Set.of("10.89.0.2", "10.89.0.4").contains(Town.address(d)), Town.address(d));
    assertTrue(pings(d, "a"));
    JsonPath fixed =
        town.post(
            409,
            "/v1/sandboxes",
            json(
                "network",
                json(
                    "networks", List.of(json("name", "blue", "addresses", List.of("10.89.0.2"))))));
    assertEquals("network.networks[0].addresses[0]", fixed.getString("field"));
    town.post(
        400,
        "/v1/sandboxes",
        json(
            "network",
            json("networks", List.of(json("name", "blue", "addresses", List.of("10.90.0.2"))))));
  }

  @Test
  void theAddressOfARunIsFreeWhenItIsAnswered() {
    town.network("name", "blue");
    Map<String, Object> run =
        json(
            "network",
            json("networks", List.of(json("name", "blue", "addresses", List.of("10.89.0.9")))),
            "process",
            json("args", List.of("true")));
    for (int i = 0; i < 5; i++) {
      assertEquals(0, town.post(200, "/v1/run", run).getInt("exit.code"));
    }
  }

  @Test
  void podsShareOneNetworkAndTheHostsIsTheHosts() {
    town.network("name", "blue");
    TestSandbox a = town.member("a", "blue");
    TestSandbox b =
        TestSandbox.create(
            town.daemon,
            "name",
            "b",
            "namespaces",
            json("network", json("sandbox", "a"), "user", json("sandbox", "a")));
    TestSandbox c =
        TestSandbox.create(town.daemon, "name", "c", "namespaces", json("network", "host"));
    Town.serve(a, 80, "pod");
    assertEquals("pod", b.sh("curl -sS -m 10 http://127.0.0.1/"));
    assertTrue(b.sh("ip -o addr show dev eth0").contains(Town.address(a)));
    assertTrue(b.sh("cat /etc/hosts").contains(Town.address(a) + " a"));
    assertTrue(c.sh("ip -o addr").contains("192.0.2.1/24"));
    b.delete();
  }

  @Test
  void twoHundredInParallel() throws Exception {
    town.network("name", "large", "subnets", List.of("10.6.0.0/16"));
    ExecutorService clients = Executors.newFixedThreadPool(8);
    try {
      List<CompletableFuture<TestSandbox>> made =
          IntStream.range(0, 200)
              .mapToObj(
                  i -> CompletableFuture.supplyAsync(() -> town.member("m" + i, "large"), clients))
              .toList();
      List<TestSandbox> members = new ArrayList<>();
      for (CompletableFuture<TestSandbox> each : made) {
        members.add(each.get());
      }
      Set<String> addresses = new HashSet<>();
      members.forEach(member -> addresses.add(Town.address(member)));
      assertEquals(200, addresses.size());
      for (String address : addresses) {
        town.host.run("busybox", "ping", "-c", "1", "-W", "10", address);
      }
      assertTrue(pings(members.get(0), "m199"));
      List<CompletableFuture<Void>> gone =
          members.stream()
              .map(
                  member ->
                      CompletableFuture.runAsync(
                          () -> member.delete().then().statusCode(204), clients))
              .toList();
      for (CompletableFuture<Void> each : gone) {
        each.get();
      }
    } finally {
      clients.shutdown();
    }
  }

  /** IPv6 needs packets of 1280 bytes, and the kernel has none of it below that. */
  @Test
  void packetsCanBeShorterThanThoseOfIpv6() {
    town.network("name", "short", "mtu", 1000);
    TestSandbox a = town.member("a", "short");
    TestSandbox b = town.member("b", "short");
    assertTrue(pings(a, Town.address(b)));
    assertTrue(a.sh("ip -o link show dev eth0").contains("mtu 1000"));
  }

  @Test
  void whatCannotBeIsSaid() {
    town.network("name", "blue", "subnets", List.of("10.5.0.0/24"));
    refused(409, "name_in_use", json("name", "blue"));
    refused(409, "address_in_use", json("subnets", List.of("10.5.0.128/25")));
    refused(409, "address_in_use", json("subnets", List.of("10.0.0.0/8")));
    refused(409, "address_in_use", json("subnets", List.of("192.0.2.0/25")));
    refused(400, "invalid_spec", json("subnets", List.of("10.5.0.0/33")));
    town.post(400, "/v1/sandboxes", json("network", json("networks", Town.named("none"))));
    TestSandbox a = town.member("a", "blue");
    assertEquals(
        "wrong_state",
        town.daemon.given().delete("/v1/networks/blue").jsonPath().getString("code"));
    town.daemon.given().delete("/v1/networks/none").then().statusCode(404);
    a.delete();
  }

  private static void refused(int status, String code, Map<String, Object> network) {
    assertEquals(code, town.post(status, "/v1/networks", network).getString("code"));
  }
}
