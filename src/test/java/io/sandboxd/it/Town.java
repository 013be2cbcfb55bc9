package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restassured.path.json.JsonPath;
import io.restassured.response.Response;
import io.sandboxd.network.Wires;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A daemon whose host is a network namespace of the test's own, and a host outside, reachable
 * through a cable: 192.0.2.1 and 2001:db8::1 is the host, .2 and ::2 the world.
 */
final class Town implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Wires wires = new Wires();
  private final List<Process> servers = new ArrayList<>();
  final Wires.Host host = wires.host();
  final Wires.Host world = wires.host();
  final Daemon daemon;
  private Leaks leaks;

  Town() throws IOException {
    assumeTrue(
        System.getProperty("user.name").equals("root"), "only root can make networks: skipped");
    host.run("ip", "link", "add", "uplink", "type", "veth", "peer", "name", "wan");
    host.run("ip", "link", "set", "wan", "netns", world.path().split("/")[2]);
    host.run("ip", "addr", "add", "192.0.2.1/24", "dev", "uplink");
    host.run("ip", "addr", "add", "2001:db8::1/64", "dev", "uplink", "nodad");
    host.run("ip", "link", "set", "uplink", "up");
    world.run("ip", "addr", "add", "192.0.2.2/24", "dev", "wan");
    world.run("ip", "addr", "add", "2001:db8::2/64", "dev", "wan", "nodad");
    world.run("ip", "link", "set", "wan", "up");
    host.run("ip", "route", "add", "default", "via", "192.0.2.2");
    daemon = Daemon.prepare().launchedBy("nsenter", "--net=" + host.path());
  }

  Town start() throws IOException {
    daemon.start();
    daemon.given().get("/v1/info");
    network("name", "first"); // the packet filter's library keeps a socket
    delete("/v1/networks/first");
    leaks = Leaks.since(daemon);
    return this;
  }

  JsonPath network(Object... namesAndValues) {
    return post(201, "/v1/networks", json(namesAndValues));
  }

  JsonPath post(int status, String path, Object body) {
    Response answer = daemon.given().body(body).post(path);
    assertEquals(status, answer.statusCode(), answer.asString());
    return answer.jsonPath();
  }

  void delete(String path) {
    Response answer = daemon.given().delete(path);
    assertEquals(204, answer.statusCode(), answer.asString());
  }

  /** On networks by name. */
  TestSandbox sandbox(String name, Map<String, ?> network) {
    return TestSandbox.create(daemon, "name", name, "network", network);
  }

  TestSandbox member(String name, String... networks) {
    return sandbox(name, Map.of("networks", named(networks)));
  }

  static List<Map<String, String>> named(String... networks) {
    return List.of(networks).stream().map(network -> Map.of("name", network)).toList();
  }

  static String address(TestSandbox sandbox) {
    return sandbox.inspect().getString("interfaces[0].addresses[0]").replaceFirst("/.*", "");
  }

  /** Serves a web page that says one word, on a port of a host. */
  void serve(Wires.Host at, int port, String word) throws IOException {
    servers.add(at.start(server(port, word).toArray(String[]::new)));
    await().atMost(PATIENCE).until(() -> listens(at, port));
  }

  /** The request is read to its end: what is left unread is answered by a reset. */
  private static List<String> server(int port, String word) {
    String answer =
        "while read -r line; do [ ${#line} -le 1 ] && break; done; printf 'HTTP/1.0 200 OK\\r\\n\\r\\n%s' '"
            + word
            + "'";
    return List.of("busybox", "nc", "-ll", "-p", "" + port, "-e", "sh", "-c", answer);
  }

  private static boolean listens(Wires.Host at, int port) {
    return at.run("busybox", "netstat", "-ltn").contains(":" + port + " ");
  }

  /** The same in a sandbox. */
  static void serve(TestSandbox at, int port, String word) {
    at.spawn("web" + port, server(port, word));
    await().atMost(PATIENCE).until(() -> at.sh("busybox netstat -ltn").contains(":" + port + " "));
  }

  /** The word that a web server answers; fails if there is none. */
  static String fetch(Wires.Host from, String address, int port) {
    return from.run("curl", "-sS", "-m", "20", url(address, port));
  }

  static String url(String address, int port) {
    return "http://" + (address.contains(":") ? "[" + address + "]" : address) + ":" + port + "/";
  }

  /** Removes sandboxes and networks, and looks what is left. */
  void nothingIsLeft() throws IOException {
    for (String name :
        daemon.given().get("/v1/sandboxes").jsonPath().<String>getList("sandboxes.name")) {
      delete("/v1/sandboxes/" + name + "?force=true");
    }
    assertEquals(List.of(), daemon.given().get("/v1/links").jsonPath().getList("links"));
    for (String name :
        daemon.given().get("/v1/networks").jsonPath().<String>getList("networks.name")) {
      delete("/v1/networks/" + name);
    }
    leaks.check();
    assertEquals("", host.run("nft", "list", "ruleset"));
    String devices = host.run("ip", "-o", "link");
    assertEquals(2 + (devices.contains(" ifb") ? 2 : 0), devices.lines().count(), devices);
  }

  @Override
  public void close() throws IOException {
    servers.forEach(Process::destroyForcibly);
    for (Process server : servers) {
      try {
        server.waitFor(10, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
    daemon.close();
    wires.close();
  }
}
