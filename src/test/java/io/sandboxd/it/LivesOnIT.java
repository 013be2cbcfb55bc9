package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.path.json.JsonPath;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What users of a sandbox notice when the daemon ends and another one begins: next to nothing. */
@ExtendWith(LeakCheck.class)
@Timeout(120)
class LivesOnIT {
  /** Counts as fast as it can, and never waits. */
  private static final List<String> COUNTER =
      List.of("sh", "-c", "i=0; while :; do i=$((i+1)); echo $i; done");

  /** Waits until something is in a file, and ends as it is told. */
  private static List<String> endsWhenAsked(String how) {
    return List.of(
        "sh", "-c", ": >> /tmp/end; while [ ! -s /tmp/end ]; do sleep 0.02; done; " + how);
  }

  /** By way of the host: there may be no daemon. The file is there, as it has to be some user's. */
  private static void ask(int init) throws IOException {
    await("its file").until(() -> Files.exists(Path.of("/proc/" + init + "/root/tmp/end")));
    Files.writeString(Path.of("/proc/" + init + "/root/tmp/end"), "now");
  }

  @Test
  void howItEndedMeanwhileIsKnown(Daemon daemon) throws IOException {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("seven", endsWhenAsked("exit 7"));
    sandbox.spawn("zero", endsWhenAsked("exit 0"));
    sandbox.spawn("signal", endsWhenAsked("kill -SEGV $$"));
    sandbox.spawn("killed", endsWhenAsked("kill -KILL $$"));
    sandbox.spawn("terminal", endsWhenAsked("echo bye; exit 5"), "tty", true);
    List<String> jobs = List.of("seven", "zero", "signal", "killed", "terminal");
    Map<String, Object> pids = pids(sandbox);
    int init = sandbox.initPid();
    daemon.kill();
    ask(init);
    await("the end of all but main")
        .until(() -> ProcessHandle.of(init).orElseThrow().children().count() == 1);
    daemon.start();
    for (String job : jobs) {
      sandbox.awaitProcess(job);
    }
    JsonPath all = sandbox.get("/processes").jsonPath();
    assertEquals(List.of(7, 0, 139, 137, 5), ofAll(all, jobs, "exit.code"));
    assertEquals(
        java.util.Arrays.asList(null, null, "SEGV", "KILL", null), ofAll(all, jobs, "exit.signal"));
    assertEquals("bye\r\n", sandbox.output("terminal"));
    assertEquals(pids, pids(sandbox));
    assertEquals("running", sandbox.state());
  }

  private static List<Object> ofAll(JsonPath processes, List<String> ids, String field) {
    List<Object> values = new java.util.ArrayList<>();
    ids.forEach(
        id -> values.add(processes.get("processes.find { it.id == '" + id + "' }." + field)));
    return values;
  }

  private static Map<String, Object> pids(TestSandbox sandbox) {
    JsonPath all = sandbox.get("/processes").jsonPath();
    Map<String, Object> pids = new java.util.TreeMap<>();
    for (Map<String, Object> process : all.<Map<String, Object>>getList("processes")) {
      pids.put((String) process.get("id"), List.of(process.get("pid"), process.get("sandboxPid")));
    }
    return pids;
  }

  /** As a package is upgraded: the next daemon's program lies elsewhere, the former one is gone. */
  @Test
  void anUpgradeIsARestart(Daemon daemon) throws IOException {
    Path old = daemon.home().resolve("old");
    Directories.copy(Daemon.PACKAGE, old);
    daemon.stop();
    daemon.from(old).start();
    TestSandbox sandbox =
        TestSandbox.started(
            daemon,
            "name",
            "tenant",
            "labels",
            json("team", "a"),
            "ttl",
            "1h",
            "resources",
            json("pids", json("max", 40), "memory", json("max", "64Mi")));
    sandbox.spawn("limited", TestSandbox.SLEEP, "resources", json("pids", json("max", 7)));
    JsonPath before = sandbox.inspect();
    List<Path> limits = limits(daemon, before.getString("id"));
    List<String> values = limits.stream().map(LivesOnIT::read).toList();
    daemon.stop();
    Directories.delete(old);
    daemon.from(Daemon.PACKAGE).start();
    assertEquals(before.prettify(), sandbox.inspect().prettify(), "nothing at all is another");
    assertEquals(values, limits.stream().map(LivesOnIT::read).toList());
    assertEquals("ok", sandbox.sh("echo ok"));
    sandbox.patch(json("resources", json("pids", json("max", 30)))).then().statusCode(200);
    assertNotEquals(values, limits.stream().map(LivesOnIT::read).toList(), "they can be changed");
  }

  private static List<Path> limits(Daemon daemon, String id) {
    return HostCgroups.below(daemon.cgroupRoot()).stream()
        .filter(group -> group.toString().contains(id))
        .flatMap(
            group ->
                List.of("pids.max", "memory.max", "memory.limit_in_bytes").stream()
                    .map(group::resolve))
        .filter(Files::exists)
        .toList();
  }

  private static String read(Path file) {
    return String.join("\n", HostCgroups.lines(file));
  }

  @Test
  void whoFollowsGoesOnFromWhereItStood(Daemon daemon) throws IOException {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("counter", COUNTER, "outputRetention", "1Gi");
    StringBuilder read = new StringBuilder();
    for (int life = 0; life < 3; life++) {
      String from = "&offset=" + read.length();
      try (Exchange follow =
          sandbox.exchange("GET", "/processes/counter/output?follow=true" + from)) {
        int wanted = read.length() + 100_000;
        byte[] piece = new byte[1 << 16];
        while (read.length() < wanted) {
          append(read, piece, follow.read(piece));
        }
        daemon.kill();
        assertThrows(
            EOFException.class,
            () -> {
              while (true) {
                append(read, piece, follow.read(piece));
              }
            },
            "it is told by the broken connection");
      }
      daemon.start();
    }
    sandbox.post("/processes/counter/kill", json("signal", "KILL")).then().statusCode(204);
    sandbox.awaitProcess("counter");
    try (Exchange rest =
        sandbox.exchange("GET", "/processes/counter/output?offset=" + read.length())) {
      read.append(rest.readText());
    }
    assertCounts(read.toString());
  }

  private static void append(StringBuilder text, byte[] piece, int count) throws IOException {
    if (count < 0) {
      throw new IOException("the answer came to its end: " + text.length());
    }
    text.append(new String(piece, 0, count, java.nio.charset.StandardCharsets.US_ASCII));
  }

  private static void assertCounts(String text) {
    List<String> lines = text.substring(0, text.lastIndexOf('\n')).lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      assertEquals(Integer.toString(i + 1), lines.get(i), "not a byte is missing or twice there");
    }
    assertTrue(lines.size() > 10_000, "and it was long: " + lines.size());
  }

  /** Its log grows while nobody is there, by more than any pipe would hold. */
  @Test
  void whoWritesNeverWaits(Daemon daemon) throws IOException {
    TestSandbox sandbox =
        TestSandbox.started(daemon, "process", json("args", COUNTER, "outputRetention", "1Gi"));
    Path log = daemon.stateDirectory().resolve("sandboxes/" + sandbox.id() + "/output/1.stdout");
    daemon.stop();
    long before = Files.size(log);
    await("a megabyte more").until(() -> Files.size(log) > before + (1 << 20));
    daemon.start();
    sandbox.post("/kill", json("signal", "KILL")).then().statusCode(204);
    assertEquals("KILL", sandbox.get("/wait").jsonPath().getString("exit.signal"));
    assertCounts(sandbox.output("main"));
  }

  @Test
  void whoWaitsWaitsAgain(Daemon daemon) throws IOException {
    TestSandbox sandbox =
        TestSandbox.started(daemon, "process", json("args", endsWhenAsked("exit 7")));
    int init = sandbox.initPid();
    for (Runnable end : List.<Runnable>of(daemon::kill, daemon::stop)) {
      try (Exchange wait = sandbox.exchange("GET", "/wait")) {
        awaitAsked(daemon);
        end.run();
        assertThrows(IOException.class, wait::status, "no answer is made up");
      }
      daemon.start();
    }
    try (Exchange wait = sandbox.exchange("GET", "/wait")) {
      ask(init);
      assertTrue(wait.readText().contains("\"code\":7"));
    }
  }

  /** A request on a later connection has been answered, so the one before it has been read. */
  private static void awaitAsked(Daemon daemon) {
    daemon.given().get("/v1/info").then().statusCode(200);
  }

  @Test
  void itsTimeGoesOn(Daemon daemon) {
    TestSandbox brief = TestSandbox.started(daemon, "ttl", "2s");
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("late", TestSandbox.SLEEP, "timeout", "1s");
    daemon.kill();
    daemon.start();
    assertEquals("timeout", sandbox.awaitProcess("late").getString("exit.reason"));
    await().until(() -> brief.get("").statusCode() == 404);
  }

  /** What is made meanwhile might be given what is another's. */
  @Test
  void nothingIsMadeWhileTheyAreLookedFor(Daemon daemon) throws IOException {
    TestSandbox slow = TestSandbox.started(daemon);
    long init = slow.initPid();
    TestSandbox.host("kill", "-STOP", "" + init);
    try {
      daemon.kill();
      daemon.spawn();
      await().pollInterval(Duration.ofMillis(20)).until(() -> answers(daemon));
      // At once: it looks for a few seconds only.
      List<String> paths = List.of("/v1/run", "/v1/sandboxes", "/v1/networks", "/v1/links");
      Map<String, ?> body = Map.of("process", Map.of("args", List.of("true")));
      assertEquals(
          Collections.nCopies(paths.size(), "busy"),
          Crowd.run(
              paths.size(),
              paths.size(),
              i -> daemon.given().body(body).post(paths.get(i)).path("code")));
      daemon.given().get("/q/health/ready").then().statusCode(503);
    } finally {
      TestSandbox.host("kill", "-CONT", "" + init);
    }
    await().until(() -> daemon.given().get("/q/health/ready").statusCode() == 200);
    slow.delete();
  }

  private static boolean answers(Daemon daemon) {
    try {
      return daemon.given().get("/v1/info").statusCode() == 200;
    } catch (Exception e) {
      return false; // nobody is there yet
    }
  }
}
