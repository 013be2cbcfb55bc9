package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.path.json.JsonPath;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The registry under concurrent clients, and across the daemon's ends. */
@ExtendWith(LeakCheck.class)
class StateIT {
  @Test
  void oneNameIsTakenOnce(Daemon daemon) throws Exception {
    for (int round = 0; round < 3; round++) {
      List<Integer> codes =
          together(
              8,
              () ->
                  TestSandbox.tryCreate(
                          daemon, json("name", "race", "namespaces", json("default", "host")))
                      .statusCode());
      assertEquals(1, codes.stream().filter(c -> c == 201).count(), codes.toString());
      assertEquals(7, codes.stream().filter(c -> c == 409).count(), codes.toString());
      assertEquals(204, daemon.given().delete("/v1/sandboxes/race").statusCode());
    }
  }

  @Test
  void startsOfOneSandboxAreSerialised(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.create(daemon);
    List<Integer> codes = together(8, () -> sandbox.post("/start").statusCode());
    assertEquals(1, codes.stream().filter(c -> c == 200).count(), codes.toString());
    assertEquals(7, codes.stream().filter(c -> c == 409).count(), codes.toString());
  }

  @Test
  void manySandboxesAtOnce(Daemon daemon) throws Exception {
    List<Integer> codes =
        together(
            16,
            () -> {
              TestSandbox sandbox = TestSandbox.started(daemon);
              assertEquals("ok", sandbox.sh("echo ok"));
              return sandbox.delete().statusCode();
            });
    assertTrue(codes.stream().allMatch(c -> c == 204), codes.toString());
  }

  @Test
  void deletesOfOneSandboxAreHarmless(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    List<Integer> codes = together(6, () -> sandbox.delete().statusCode());
    assertEquals(1, codes.stream().filter(c -> c == 204).count(), codes.toString());
    assertEquals(5, codes.stream().filter(c -> c == 404).count(), codes.toString());
  }

  /** Whoever starts what ends at once is told of the end, and may start it again. */
  @Test
  void mainMayEndBeforeItsStartIsAnswered(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.create(daemon, "process", json("args", List.of("/bin/true")));
    for (int round = 0; round < 60; round++) {
      sandbox.post("/start").then().statusCode(200);
      sandbox.get("/wait").then().statusCode(200).body("exit.code", equalTo(0));
      assertEquals("stopped", sandbox.state(), "in round " + round);
    }
  }

  /** A name can be had and lost by many at once; what is left is whole or nothing. */
  @Test
  void createsAndDeletesOfOneName(Daemon daemon) throws Exception {
    List<Integer> codes =
        together(
            4,
            () -> {
              int worst = 0;
              for (int round = 0; round < 8; round++) {
                int made = TestSandbox.tryCreate(daemon, json("name", "fought-over")).statusCode();
                int gone =
                    daemon.given().delete("/v1/sandboxes/fought-over?force=true").statusCode();
                worst = Math.max(worst, Math.max(made, gone));
              }
              return worst;
            });
    assertTrue(codes.stream().allMatch(c -> c < 500), codes.toString());
  }

  /** Frozen and ended at the same time: it can always be brought back to life. */
  @Test
  void pausesWhileMainEnds(Daemon daemon) throws Exception {
    TestSandbox sandbox =
        TestSandbox.create(daemon, "process", json("args", List.of("sleep", "0.01")));
    for (int round = 0; round < 15; round++) {
      sandbox.post("/start").then().statusCode(200);
      together(2, () -> sandbox.post("/pause").statusCode());
      if (sandbox.state().equals("paused")) {
        sandbox.post("/resume").then().statusCode(200);
      }
      sandbox.get("/wait").then().statusCode(200);
      assertEquals("stopped", sandbox.state());
      assertEquals(0, sandbox.inspect().getInt("exit.code"));
    }
  }

  private static <T> List<T> together(int clients, Callable<T> action) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(clients);
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> future : pool.invokeAll(java.util.Collections.nCopies(clients, action))) {
        results.add(future.get());
      }
      return results;
    } finally {
      pool.shutdown();
    }
  }

  @Test
  void aStoppedDaemonFindsItsSandboxesAgain(Daemon daemon) {
    survives(daemon, daemon::stop);
  }

  @Test
  void aKilledDaemonFindsItsSandboxesAgain(Daemon daemon) {
    survives(daemon, daemon::kill);
  }

  private static void survives(Daemon daemon, Runnable end) {
    TestSandbox running =
        TestSandbox.started(
            daemon,
            "name",
            "alive",
            "labels",
            json("team", "a"),
            "resources",
            json("pids", json("max", 50)),
            "process",
            json(
                "args",
                List.of("sh", "-c", "i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done")));
    TestSandbox ending =
        TestSandbox.started(
            daemon,
            "process",
            json(
                "args",
                List.of("sh", "-c", "while [ ! -e /tmp/go ]; do sleep 0.02; done; exit 7")));
    ending.spawn("ender", List.of("sh", "-c", "sleep 0.2; touch /tmp/go"));
    TestSandbox paused = TestSandbox.started(daemon);
    paused.post("/pause").then().statusCode(200);
    TestSandbox created = TestSandbox.create(daemon);
    JsonPath before = running.inspect();
    int mainOfEnding = ending.inspect().getInt("processes.main.pid");

    end.run();
    await().until(() -> Leaks.hasEnded(mainOfEnding));
    daemon.start();

    JsonPath after = running.inspect();
    for (String field :
        List.of(
            "id",
            "pid",
            "state",
            "labels",
            "namespaces",
            "idMappings",
            "cgroup",
            "createdAt",
            "processes.main.pid")) {
      assertEquals(before.<Object>get(field), after.get(field), field);
    }
    ending
        .get("/wait")
        .then()
        .statusCode(200)
        .body("exit.code", equalTo(7))
        .body("exit.reason", equalTo("exited"));
    assertEquals("stopped", ending.state());
    List<String> lines = running.get("/processes/main/output").asString().lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      assertEquals("" + (i + 1), lines.get(i), "not a line is missing");
    }
    assertEquals("ok", running.sh("echo ok"));
    assertEquals("paused", paused.state());
    paused.post("/resume").then().statusCode(200).body("state", equalTo("running"));
    assertEquals("ok", paused.sh("echo ok"));
    assertEquals("created", created.state());
    created.post("/start").then().statusCode(200);
    assertEquals(204, running.delete().statusCode());
  }

  @Test
  void aSandboxWhoseInitWasKilledIsBroken(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    TestSandbox.host("kill", "-9", "" + sandbox.initPid());
    await().until(() -> sandbox.state().equals("broken"));
    assertEquals("lost", sandbox.get("/processes/main").jsonPath().getString("exit.reason"));
    sandbox.post("/exec", json("args", List.of("true"))).then().statusCode(409);
    assertEquals(204, sandbox.delete().statusCode());
  }

  @Test
  void anUnreadableStateFileHarmsOnlyItsSandbox(Daemon daemon) throws Exception {
    TestSandbox good = TestSandbox.started(daemon);
    TestSandbox bad = TestSandbox.started(daemon);
    String id = bad.id();
    daemon.kill();
    Path file = daemon.stateDirectory().resolve("sandboxes").resolve(id).resolve("sandbox.json");
    Files.writeString(file, Files.readString(file).substring(0, 100));
    daemon.start();
    assertEquals("ok", good.sh("echo ok"));
    JsonPath status = daemon.given().get("/v1/sandboxes/" + id).jsonPath();
    assertEquals("broken", status.getString("state"));
    assertTrue(status.getString("error").contains("cannot be read"), status.getString("error"));
    daemon.given().delete("/v1/sandboxes/" + id).then().statusCode(204);
  }

  @Test
  void aTimeToLiveEnds(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon, "name", "short", "ttl", "300ms");
    await().until(() -> sandbox.get("").statusCode() == 404);
  }

  @Test
  void listsByLabelAndState(Daemon daemon) {
    TestSandbox.started(daemon, "name", "one", "labels", json("team", "a", "kind", "x"));
    TestSandbox.create(daemon, "name", "two", "labels", json("team", "a"));
    TestSandbox.create(daemon, "name", "three", "labels", json("team", "b"));
    assertEquals(List.of("one", "two"), names(daemon, "?label=team=a"));
    assertEquals(List.of("one"), names(daemon, "?label=team=a&label=kind=x"));
    assertEquals(List.of("one"), names(daemon, "?state=running"));
    assertEquals(List.of("one", "two", "three"), names(daemon, "?state=running&state=created"));
  }

  private static List<String> names(Daemon daemon, String query) {
    return daemon.given().get("/v1/sandboxes" + query).jsonPath().getList("sandboxes.name");
  }
}
