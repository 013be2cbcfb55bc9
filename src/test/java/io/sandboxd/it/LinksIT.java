package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.path.json.JsonPath;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Cables between sandboxes. */
class LinksIT {
  private static Town town;

  @BeforeAll
  static void start() throws IOException {
    town = new Town().start();
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

  private static TestSandbox sandbox(String name) {
    return TestSandbox.create(town.daemon, "name", name);
  }

  private static Map<String, Object> end(String sandbox, String device, String... addresses) {
    return json("sandbox", sandbox, "interface", device, "addresses", List.of(addresses));
  }

  private static JsonPath link(int status, Map<String, Object> one, Map<String, Object> other) {
    return town.post(status, "/v1/links", json("name", "cable", "ends", List.of(one, other)));
  }

  private static void ping(TestSandbox from, String address) {
    String six = address.contains(":") ? "6" : "";
    from.sh("busybox ping" + six + " -c 1 -W 10 " + address);
  }

  @Test
  void theClassicWalkThrough() {
    TestSandbox red = sandbox("red");
    TestSandbox blue = sandbox("blue");
    JsonPath link =
        link(201, end("red", "veth-red", "10.0.0.1/24"), end("blue", "veth-blue", "10.0.0.2/24"));
    assertEquals(List.of("red", "blue"), link.getList("ends.sandbox"));
    ping(red, "10.0.0.2");
    ping(blue, "10.0.0.1");
    assertTrue(red.sh("ip link show veth-red").contains(link.getString("ends[0].mac")));
    town.daemon.kill();
    town.daemon.start();
    ping(red, "10.0.0.2");
    assertEquals(
        List.of("cable"), town.daemon.given().get("/v1/links").jsonPath().getList("links.name"));
    town.delete("/v1/links/cable");
    assertFalse(red.sh("ip -o link").contains("veth-red"));
    assertFalse(blue.sh("ip -o link").contains("veth-blue"));
    town.daemon.given().delete("/v1/links/cable").then().statusCode(404);
  }

  @Test
  void aLinkGoesWithEitherSandbox() {
    TestSandbox a = sandbox("a");
    TestSandbox b = sandbox("b");
    link(201, end("a", "eth0", "10.0.0.1/24", "fd00::1/64"), end("b", "eth0", "fd00::2/64"));
    ping(a, "fd00::2");
    a.delete().then().statusCode(204);
    assertFalse(b.sh("ip -o link").contains("eth0"));
    assertEquals(List.of(), town.daemon.given().get("/v1/links").jsonPath().getList("links"));
    sandbox("a");
    link(201, end("a", "eth0"), end("b", "eth0"));
  }

  @Test
  void aLinkGoesUnderWhateverNameAndAddressItHasNow() {
    TestSandbox a = sandbox("a");
    TestSandbox b = sandbox("b");
    link(201, end("a", "eth0", "10.0.0.1/24"), end("b", "eth0", "10.0.0.2/24"));
    a.sh(
        "ip link set eth0 down; ip link set eth0 name hidden address 02:00:00:00:00:99",
        "capabilities",
        List.of("CAP_NET_ADMIN"));
    town.delete("/v1/links/cable");
    assertFalse(a.sh("ip -o link").contains("hidden"));
    assertFalse(b.sh("ip -o link").contains("eth0"));
  }

  @Test
  void aRouterBetweenTwoHosts() {
    TestSandbox.create(town.daemon, "name", "r", "sysctls", json("net.ipv4.ip_forward", "1"));
    TestSandbox h1 = host("h1", "10.1.0");
    TestSandbox h2 = host("h2", "10.2.0");
    ping(h1, "10.2.0.2");
    ping(h2, "10.1.0.2");
    assertEquals(2, town.daemon.given().get("/v1/links").jsonPath().getList("links").size());
  }

  private static TestSandbox host(String name, String subnet) {
    return town.sandbox(
        name,
        json(
            "links",
            List.of(
                json(
                    "interface", "eth0",
                    "addresses", List.of(subnet + ".2/24"),
                    "mtu", 1400,
                    "conditions", json("rate", "100Mbit"),
                    "peer", end("r", "to-" + name, subnet + ".1/24"))),
            "routes",
            List.of(json("destination", "0.0.0.0/0", "gateway", subnet + ".1"))));
  }

  @Test
  void whatCannotBeIsSaid() {
    TestSandbox a = sandbox("a");
    sandbox("b");
    TestSandbox.create(town.daemon, "name", "h", "namespaces", json("network", "host"));
    link(201, end("a", "eth0", "10.0.0.1/24"), end("b", "eth0"));
    String taken = link(409, end("a", "eth1"), end("b", "eth1")).getString("code");
    assertEquals("name_in_use", taken, "the link's");
    JsonPath there =
        town.post(409, "/v1/links", json("ends", List.of(end("a", "eth0"), end("b", "eth1"))));
    assertEquals("name_in_use", there.getString("code"), "the interface's");
    town.post(
        400, "/v1/links", json("ends", List.of(end("a", "a234567890123456"), end("b", "eth1"))));
    assertEquals(
        "ends[1].sandbox",
        town.post(400, "/v1/links", json("ends", List.of(end("a", "eth1"), end("none", "eth1"))))
            .getString("field"));
    town.post(400, "/v1/links", json("ends", List.of(end("a", "eth1"), end("h", "eth1"))));
    town.post(
        400, "/v1/links", json("ends", List.of(end("a", "eth1", "10.0.0.1"), end("b", "eth1"))));
    // With an address that only one end can have, neither end is made.
    town.post(
        409,
        "/v1/links",
        json("ends", List.of(end("a", "eth5", "10.0.0.9/24", "10.0.0.9/24"), end("b", "eth5"))));
    assertFalse(a.sh("ip -o link").contains("eth5"));
    assertEquals(1, town.daemon.given().get("/v1/links").jsonPath().getList("links").size());
  }

  @Test
  void aCreateWhoseLinkCannotBeLeavesNothing() {
    town.post(
        400,
        "/v1/sandboxes",
        json(
            "name",
            "c",
            "network",
            json("links", List.of(json("interface", "eth0", "peer", end("none", "e"))))));
    assertEquals(
        404, town.daemon.given().get("/v1/sandboxes/c").statusCode(), "it is made whole or not");
  }
}
