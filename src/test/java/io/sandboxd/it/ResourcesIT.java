package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.path.json.JsonPath;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Limits as the kernel enforces them, not as files show them. */
@ExtendWith(LeakCheck.class)
class ResourcesIT {
  @Test
  void aMemoryHogIsStoppedByItsLimit(Daemon daemon) {
    TestSandbox sandbox =
        TestSandbox.started(
            daemon,
            "resources",
            json("memory", json("max", "32Mi")),
            "process",
            json("args", List.of("tail", "/dev/zero")));
    sandbox
        .get("/wait")
        .then()
        .statusCode(200)
        .body("exit.reason", equalTo("oom"))
        .body("exit.signal", equalTo("KILL"));
    JsonPath stats = sandbox.get("/stats").jsonPath();
    assertTrue(stats.getLong("oomKills") >= 1);
    assertTrue(stats.getLong("memory.peak") <= 32L << 20);
    // Its init has survived it.
    sandbox.post("/start").then().statusCode(200);
  }

  @Test
  void aKillThatIsNoOomIsNotCalledOne(Daemon daemon) {
    TestSandbox sandbox =
        TestSandbox.started(daemon, "resources", json("memory", json("max", "32Mi")));
    sandbox.exec(List.of("tail", "/dev/zero"));
    JsonPath result = sandbox.exec(List.of("sh", "-c", "kill -9 $$"));
    assertEquals("signaled", result.getString("exit.reason"));
  }

  @Test
  void processesAreCountedWithoutInit(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon, "resources", json("pids", json("max", 3)));
    assertEquals("ok", sandbox.sh("sleep 0.01; echo ok"), "main, sh and sleep are three");
    JsonPath result = sandbox.exec(List.of("sh", "-c", "sleep 5 & sleep 5 & sleep 5 & wait"));
    assertTrue(
        result.getString("stderr").toLowerCase(java.util.Locale.ROOT).contains("fork"),
        result.prettify());
    sandbox.post("/kill", json("all", true)).then().statusCode(204);
  }

  @Test
  void cpuTimeIsRationed(Daemon daemon) {
    TestSandbox sandbox =
        TestSandbox.started(
            daemon, "resources", json("cpu", json("max", 0.1, "weight", 50, "cpuset", "0")));
    assertEquals("1", sandbox.sh("nproc"));
    sandbox.exec(List.of("sh", "-c", "while :; do :; done"), "timeout", "500ms");
    assertTrue(sandbox.get("/stats").jsonPath().getLong("cpu.nrThrottled") > 0);
  }

  @Test
  void limitsChangeInALivingSandbox(Daemon daemon) {
    TestSandbox sandbox =
        TestSandbox.started(
            daemon,
            "resources",
            json("memory", json("max", "16Mi"), "pids", json("max", 20)),
            "labels",
            json("a", "1"));
    String hog = "head -c 40m /dev/zero | tail | wc -c";
    assertTrue(!sandbox.sh(hog + "; true").equals("41943040"), "does not fit");
    sandbox
        .patch(
            json(
                "resources",
                json("memory", json("max", "256Mi")),
                "labels",
                json("a", null, "b", "2")))
        .then()
        .statusCode(200)
        .body("resources.memory.max", equalTo(256 << 20))
        .body("resources.pids.max", equalTo(20))
        .body("labels.a", nullValue())
        .body("labels.b", equalTo("2"));
    assertEquals("41943040", sandbox.sh(hog));
    sandbox
        .patch(json("resources", json("memory", null)))
        .then()
        .statusCode(200)
        .body("resources.memory", nullValue());
    sandbox
        .patch(json("resources", json("memory", json("max", -1))))
        .then()
        .statusCode(400)
        .body("field", equalTo("resources.memory.max"));
    sandbox.patch(json("name", "other")).then().statusCode(400).body("field", equalTo("name"));
    assertEquals("41943040", sandbox.sh(hog), "a refused change changes nothing");
  }

  @Test
  void ioLimitsOfARealDevice(Daemon daemon) {
    String device =
        TestSandbox.host(
            "sh",
            "-c",
            "for d in /dev/vda /dev/sda /dev/nvme0n1; do [ -b $d ] && echo $d && break; done; true");
    org.junit.jupiter.api.Assumptions.assumeTrue(
        !device.isEmpty(), "this machine has no disk to limit: skipped");
    TestSandbox sandbox =
        TestSandbox.started(
            daemon,
            "resources",
            json("io", List.of(json("device", device, "rbps", "10Mi", "wiops", 100))));
    assertEquals(10 << 20, sandbox.inspect().getInt("resources.io[0].rbps"));
    TestSandbox.tryCreate(
            daemon, json("resources", json("io", List.of(json("device", "/dev/null", "rbps", 1)))))
        .then()
        .statusCode(400)
        .body("field", startsWith("resources.io[0]"));
  }

  @Test
  void frozenMeansNotRunning(Daemon daemon) {
    TestSandbox sandbox =
        TestSandbox.started(
            daemon,
            "process",
            json("args", List.of("sh", "-c", "while :; do echo x; sleep 0.01; done")));
    await().until(() -> size(sandbox) > 0);
    sandbox.post("/pause").then().statusCode(200).body("state", equalTo("paused"));
    long frozen = size(sandbox);
    // Longer than many rounds of the loop; what is shown is that nothing happens.
    TestSandbox.host("sleep", "0.3");
    assertEquals(frozen, size(sandbox));
    sandbox.post("/resume").then().statusCode(200).body("state", equalTo("running"));
    await().until(() -> size(sandbox) > frozen);
  }

  private static long size(TestSandbox sandbox) {
    return sandbox.get("/processes/main/output").asByteArray().length;
  }

  @Test
  void whatTheHostCannotEnforceIsRefused(Daemon daemon) {
    String mode = daemon.given().get("/v1/info").jsonPath().getString("cgroup.mode");
    if (!mode.equals("unified")) {
      TestSandbox.tryCreate(daemon, json("resources", json("memory", json("high", "10Mi"))))
          .then()
          .statusCode(400)
          .body("field", equalTo("resources.memory.high"))
          .body("detail", containsString("v1"));
    }
    TestSandbox.tryCreate(daemon, json("resources", json("cpu", json("cpuset", "4000"))))
        .then()
        .statusCode(400)
        .body("field", equalTo("resources.cpu.cpuset"));
  }

  /** Groups that root inside makes do not keep the sandbox from going. */
  @Test
  void aBusyFamilyIsRemovedWithoutEbusy(Daemon daemon) {
    IntStream.range(0, 5)
        .forEach(
            round -> {
              TestSandbox sandbox =
                  TestSandbox.started(
                      daemon, "namespaces", json("pid", round % 2 == 0 ? "new" : "host"));
              sandbox.spawn(
                  "forks", List.of("sh", "-c", "while :; do sleep 0.001 & sleep 0.001; done"));
              sandbox.delete().then().statusCode(204);
            });
  }
}
