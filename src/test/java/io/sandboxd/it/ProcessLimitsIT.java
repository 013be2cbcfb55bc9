package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restassured.path.json.JsonPath;
import io.restassured.response.Response;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What one process of a sandbox may take: time, and resources of its own. */
@ExtendWith(LeakCheck.class)
@Timeout(120)
// Descriptors and cgroups are counted, and blanks made ahead take some.
@LeakCheck.With(name = "sandboxd.pool", value = "0")
class ProcessLimitsIT {
  @Test
  void whoObeysIsTerminated(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    JsonPath result =
        sandbox.exec(
            List.of(
                "bash",
                "-c",
                "trap 'echo told; exit 3' TERM; echo up; while :; do read -t 60 <> <(:); done"),
            "timeout",
            "1s");
    assertEquals("up\ntold\n", result.getString("stdout"));
    assertEquals("timeout", result.getString("exit.reason"));
    assertEquals(3, result.getInt("exit.code"));
  }

  @Test
  void whoDoesNotObeyIsKilledWithTheWholeSession(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    // Job control gives each job a process group of its own.
    String stubborn =
        "trap '' TERM; set -m; sleep 9871 & sleep 9872 & set +m; sleep 9873 & while :; do sleep 1; done";
    JsonPath result = sandbox.exec(List.of("bash", "-c", stubborn), "timeout", "300ms");
    assertEquals("timeout", result.getString("exit.reason"));
    assertEquals("KILL", result.getString("exit.signal"));
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> !sandbox.sh("ps -eo args").contains("sleep 987"));
    assertEquals("running", sandbox.state(), "the others are not concerned");
  }

  /** Its leader obeys and is gone; what it leaves behind ends all the same. */
  @Test
  void whatOutlivesATimeoutIsKilled(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    String script = "(trap '' TERM; sleep 9881; sleep 9882) & sleep 1000";
    JsonPath result = sandbox.exec(List.of("bash", "-c", script), "timeout", "300ms");
    assertEquals("TERM", result.getString("exit.signal"));
    assertEquals("timeout", result.getString("exit.reason"));
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> !sandbox.sh("ps -eo args").contains("sleep 988"));
  }

  @Test
  void whoIsInTimeIsNotConcerned(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    JsonPath result = sandbox.exec(List.of("echo", "quick"), "timeout", "1h");
    assertEquals("exited", result.getString("exit.reason"));
    sandbox.post("/exec", json("args", List.of("true"), "timeout", "0s")).then().statusCode(400);
  }

  @Test
  void aTimeoutHoldsAlsoForTheNextDaemon(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("soon", TestSandbox.SLEEP, "timeout", "3s");
    sandbox.spawn("over", TestSandbox.SLEEP, "timeout", "100ms", "stdin", "pipe");
    sandbox.spawn("later", TestSandbox.SLEEP, "timeout", "1h");
    daemon.kill();
    daemon.start();
    for (String id : List.of("soon", "over")) {
      assertEquals("timeout", sandbox.awaitProcess(id).getString("exit.reason"));
    }
    sandbox.get("/processes/later/wait?timeout=1ms").then().statusCode(204);
  }

  @Test
  void rlimitsAreTheProcesssOwn(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    assertEquals(
        "100 200 5",
        sandbox.sh(
            "echo $(ulimit -Sn) $(ulimit -Hn) $(ulimit -St)",
            "rlimits",
            json("nofile", json("soft", 100, "hard", 200), "cpu", 5)));
    JsonPath result =
        sandbox.exec(List.of("sh", "-c", "while :; do :; done"), "rlimits", json("cpu", 1));
    assertTrue(List.of("KILL", "XCPU").contains(result.getString("exit.signal")));
    assertEquals("signaled", result.getString("exit.reason"));
    JsonPath file = sandbox.exec(List.of("yes"), "rlimits", json("fsize", 100_000), "id", "capped");
    assertEquals("XFSZ", file.getString("exit.signal"));
    assertEquals(100_000, sandbox.get("/processes/capped/output").asByteArray().length);
  }

  @Test
  void memoryOfItsOwn(Daemon daemon) {
    requires(daemon, "memory");
    TestSandbox sandbox =
        TestSandbox.started(daemon, "resources", json("memory", json("max", "256Mi")));
    sandbox.spawn("other", List.of("sh", "-c", "echo here; exec sleep 1000"));
    Map<String, Object> small = json("memory", json("max", "16Mi", "swapMax", 0));
    JsonPath result =
        sandbox.exec(
            List.of("perl", "-e", "$x = 'a' x (100 << 20); sleep 100"), "resources", small);
    assertEquals("oom", result.getString("exit.reason"));
    assertEquals("KILL", result.getString("exit.signal"));
    for (String id : List.of("main", "other")) {
      assertEquals("running", sandbox.get("/processes/" + id).jsonPath().getString("state"), id);
    }
    JsonPath fits = sandbox.exec(List.of("perl", "-e", "$x = 'a' x (6 << 20)"), "resources", small);
    assertEquals(0, fits.getInt("exit.code"));
    long peak = fits.getLong("usage.memoryPeakBytes");
    assertTrue(peak > 6 << 20 && peak <= 16 << 20, "peak " + peak);
    JsonPath without = sandbox.exec(List.of("perl", "-e", "$x = 'a' x (30 << 20)"));
    assertEquals(0, without.getInt("exit.code"));
    assertNull(without.get("usage.memoryPeakBytes"));
    assertTrue(without.getLong("usage.maxRssBytes") > 30 << 20);
  }

  @Test
  void processorOfItsOwn(Daemon daemon) {
    requires(daemon, "cpu");
    TestSandbox sandbox = TestSandbox.started(daemon);
    String spin = "$t = time + 2; 1 while time < $t";
    JsonPath result =
        sandbox.exec(List.of("perl", "-e", spin), "resources", json("cpu", json("max", 0.1)));
    assertEquals(0, result.getInt("exit.code"));
    double cpu = result.getDouble("usage.cpuSeconds");
    double wall = result.getDouble("usage.wallSeconds");
    assertTrue(cpu > 0 && cpu < wall / 2, cpu + " s of " + wall);
  }

  @Test
  void limitsOfItsOwnLeaveNoGroupBehind(Daemon daemon) {
    requires(daemon, "pids");
    TestSandbox sandbox = TestSandbox.started(daemon);
    long before = groups(daemon);
    Crowd.run(
        40,
        8,
        number ->
            sandbox.exec(
                List.of("sh", "-c", "echo $(:)"), "resources", json("pids", json("max", 4))));
    await().until(() -> groups(daemon) <= before);
    sandbox
        .post("/exec", json("args", List.of("/nowhere"), "resources", json("pids", json("max", 4))))
        .then()
        .statusCode(422)
        .body("exitCode", equalTo(127));
    await().until(() -> groups(daemon) <= before);
    Response bomb =
        sandbox.post(
            "/exec",
            json(
                "args",
                List.of("sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; wait"),
                "resources",
                json("pids", json("max", 4)),
                "wait",
                true));
    assertNotEquals(0, bomb.jsonPath().getInt("exit.code"), bomb.asString());
  }

  /** Without that of cgroup v2 to which who lives in a sandbox moves, once and for all. */
  private static long groups(Daemon daemon) {
    return HostCgroups.below(daemon.cgroupRoot()).stream()
        .filter(group -> !group.endsWith("_init"))
        .count();
  }

  private static void requires(Daemon daemon, String controller) {
    List<String> there = daemon.given().get("/v1/info").jsonPath().getList("cgroup.controllers");
    assumeTrue(
        there.contains(controller), "this host has no controller " + controller + ": skipped");
  }
}
