package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.restassured.path.json.JsonPath;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The figures of sandboxes: once, as a stream, and as metrics. */
@ExtendWith(LeakCheck.class)
class StatsIT {
  @Test
  void aStreamGoesOnUntilTheSandboxIsDeleted(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon, "name", "watched");
    String path = "/v1/sandboxes/watched/stats?stream=true&interval=100ms";
    try (EventTail tail = EventTail.of(daemon, path, "Stats")) {
      assertTrue(tail.head().contains("content-type: text/event-stream"), tail.head());
      Awaitility.await().until(() -> tail.events().size() >= 3);
      assertEquals("event: stats", tail.lines().get(0));
      sandbox.exec(List.of("sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"));
      long before = cpu(tail.events().get(0));
      tail.await(stats -> cpu(stats) > before);
      assertEquals(204, sandbox.delete().statusCode());
      tail.awaitEnd();
      assertTrue(tail.isComplete(), "a proper end");
    }
  }

  private static long cpu(JsonNode stats) {
    return stats.at("/cpu/usageUsec").asLong();
  }

  @Test
  void aStreamCanBeLinesOfJson(Daemon daemon) {
    TestSandbox.create(daemon, "name", "lines");
    String path = "/v1/sandboxes/lines/stats?stream=true&interval=0.1";
    try (EventTail tail = EventTail.of(daemon, path, "Stats", "Accept: application/x-ndjson")) {
      tail.await(stats -> stats.has("memory") || stats.has("pids"));
      assertTrue(tail.lines().get(0).startsWith("{\"time\":"), tail.lines().get(0));
    }
  }

  @Test
  void whatIsAskedWronglyIsRefused(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.create(daemon);
    for (String query :
        List.of("interval=1", "stream=true&interval=0", "stream=true&interval=2h")) {
      sandbox.get("/stats?" + query).then().statusCode(400).body("field", equalTo("interval"));
    }
    sandbox.get("/stats?every=1").then().statusCode(400).body("field", equalTo("every"));
    daemon.given().get("/v1/sandboxes/none/stats?stream=true").then().statusCode(404);
  }

  @Test
  void theTimeOfEachStageIsTold(Daemon daemon) {
    String create =
        TestSandbox.tryCreate(
                daemon,
                json(
                    "name",
                    "timed",
                    "namespaces", // one that is joined cannot be made ahead
                    json("uts", json("path", "/proc/" + daemon.pid() + "/ns/uts")),
                    "process",
                    json("args", TestSandbox.SLEEP)))
            .header("Server-Timing");
    assertEquals(List.of("check", "cgroup", "namespaces", "furnish", "record"), stages(create));
    String start = daemon.given().post("/v1/sandboxes/timed/start").header("Server-Timing");
    assertEquals(List.of("prepare", "spawn", "record"), stages(start));
    String exec =
        daemon
            .given()
            .body(json("args", List.of("true"), "wait", true))
            .post("/v1/sandboxes/timed/exec")
            .header("Server-Timing");
    assertEquals(List.of("check", "prepare", "spawn", "record", "run", "output"), stages(exec));
  }

  private static List<String> stages(String serverTiming) {
    return Stream.of(serverTiming.split(", "))
        .map(stage -> stage.replaceFirst(";dur=\\d+\\.\\d{3}$", ""))
        .toList();
  }

  @Test
  void howMainEndedIsKeptWithWhatWasUsed(Daemon daemon) {
    TestSandbox sandbox =
        TestSandbox.started(
            daemon,
            "resources",
            json("memory", json("max", "32Mi")),
            "process",
            json("args", List.of("sh", "-c", "sleep 0.01 | sleep 0.01; exec tail /dev/zero")));
    JsonPath ended = sandbox.get("/wait").then().statusCode(200).extract().jsonPath();
    assertEquals("oom", ended.getString("exit.reason"));
    assertTrue(ended.getLong("exit.sandboxUsage.memoryPeakBytes") > 16 << 20);
    assertTrue(ended.getLong("exit.sandboxUsage.memoryPeakBytes") <= 32 << 20);
    assertEquals(1, ended.getLong("exit.sandboxUsage.oomKills"));
    assertTrue(ended.getDouble("exit.sandboxUsage.cpuSeconds") > 0);
    assertTrue(ended.getDouble("exit.sandboxUsage.wallSeconds") > 0);
    if (sandbox.get("/stats").jsonPath().get("pids.peak") != null) {
      assertEquals(3, ended.getLong("exit.sandboxUsage.pidsPeak"), "sh and two sleeps");
    }
    daemon.kill();
    daemon.start();
    assertEquals(ended.getMap("exit"), sandbox.inspect().getMap("exit"), "it is on file");
  }

  @Test
  void theSameFiguresAreMetricsAsLongAsTheSandboxIsThere(Daemon daemon) {
    TestSandbox sandbox =
        TestSandbox.started(daemon, "name", "metered", "resources", json("pids", json("max", 20)));
    String labels = "{name=\"metered\",id=\"" + sandbox.id() + "\",}";
    String metrics = metrics(daemon);
    assertEquals(20, value(metrics, "sandboxd_sandbox_pids_max" + labels));
    assertEquals(1, value(metrics, "sandboxd_sandbox_pids" + labels));
    assertEquals(1, value(metrics, "sandboxd_sandboxes{state=\"running\",}"));
    assertEquals(0, value(metrics, "sandboxd_sandboxes{state=\"broken\",}"));
    assertTrue(value(metrics, "sandboxd_sandbox_cpu_seconds_total" + labels) > 0);
    assertTrue(value(metrics, "sandboxd_sandbox_memory_bytes" + labels) > 0);
    assertEquals(204, sandbox.delete().statusCode());
    assertFalse(metrics(daemon).contains("metered"));
  }

  @Test
  void whatPassesItsInterfacesIsCounted(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon, "name", "wired");
    assertEquals(Map.of(), network(sandbox), "nothing but the loopback");
    int pid = sandbox.inspect().getInt("pid");
    ip(pid, "link add eth0 type veth peer name eth1");
    ip(pid, "address add 10.9.0.1/24 dev eth0");
    ip(pid, "link set eth0 up");
    ip(pid, "link set eth1 up");
    ip(pid, "neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev eth0 nud permanent");
    sandbox.exec(
        List.of("bash", "-c", "for i in 1 2 3; do printf %01000d 0 >/dev/udp/10.9.0.2/9; done"));
    Map<String, Map<String, Integer>> counted = network(sandbox);
    assertEquals(Set.of("eth0", "eth1"), counted.keySet());
    assertTrue(counted.get("eth0").get("txPackets") >= 3, counted.toString());
    assertTrue(counted.get("eth0").get("txBytes") >= 3 * 1_042, counted.toString());
    assertTrue(counted.get("eth1").get("rxPackets") >= 3, counted.toString());
    assertTrue(counted.get("eth1").get("rxBytes") >= 3 * 1_042, counted.toString());
    String labels = "{name=\"wired\",id=\"" + sandbox.id() + "\",interface=\"eth0\",}";
    String sent = "sandboxd_sandbox_network_transmit_packets_total" + labels;
    assertTrue(value(metrics(daemon), sent) >= 3);
    TestSandbox joined =
        TestSandbox.create(daemon, "namespaces", json("network", json("sandbox", "wired")));
    assertEquals(Set.of("eth0", "eth1"), network(joined).keySet());

    new ProcessBuilder("kill", "-9", Integer.toString(pid)).start().waitFor();
    Awaitility.await().until(() -> network(sandbox) == null);
  }

  @Test
  void theHostsInterfacesAreNobodys(Daemon daemon) {
    String here = "/proc/" + ProcessHandle.current().pid() + "/ns/net";
    for (Object host : List.of("host", json("path", here))) {
      TestSandbox sandbox =
          TestSandbox.started(daemon, "namespaces", json("network", host, "user", "host"));
      assertNull(network(sandbox), sandbox.get("/stats").asString());
    }
  }

  private static Map<String, Map<String, Integer>> network(TestSandbox sandbox) {
    return sandbox.get("/stats").then().statusCode(200).extract().jsonPath().getMap("network");
  }

  private static void ip(int pid, String command) throws Exception {
    List<String> line = new ArrayList<>(List.of("nsenter", "--net=/proc/" + pid + "/ns/net", "ip"));
    line.addAll(List.of(command.split(" ")));
    assertEquals(0, new ProcessBuilder(line).inheritIO().start().waitFor(), command);
  }

  private static String metrics(Daemon daemon) {
    return daemon
        .given()
        .accept("text/plain")
        .get("/q/metrics")
        .then()
        .statusCode(200)
        .extract()
        .asString();
  }

  private static double value(String metrics, String sample) {
    Matcher line =
        Pattern.compile("^" + Pattern.quote(sample) + " (\\S+)$", Pattern.MULTILINE)
            .matcher(metrics);
    assertTrue(line.find(), sample + " in " + metrics);
    return Double.parseDouble(line.group(1));
  }
}
