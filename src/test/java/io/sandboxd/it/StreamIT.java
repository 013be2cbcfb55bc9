package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.path.json.JsonPath;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Output that goes to one reader and is not stored. */
@ExtendWith(LeakCheck.class)
@Timeout(300)
class StreamIT {
  private static final String GENERATE =
      "perl -e '$b = pack(\"N*\", 1..262144); for (1..1024) { substr($b, 0, 4, pack(\"N\", $_)); print $b }'";

  private static Exchange read(TestSandbox sandbox, String process) {
    return sandbox.exchange("GET", "/processes/" + process + "/output");
  }

  @Test
  void aGigabyteArrivesExactlyAndIsNowhereKept(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn(
        "tar",
        List.of("bash", "-c", GENERATE + " | tee >(sha256sum >&2); wait"),
        "output",
        "stream");
    long rss = Figures.rssMib(daemon.pid());
    String sum;
    try (Exchange errors = sandbox.exchange("GET", "/processes/tar/output?stream=stderr");
        Exchange output = read(sandbox, "tar")) {
      sum = Figures.sha256(output.body());
      assertEquals(sum, errors.readText().substring(0, sum.length()));
    }
    assertEquals(0, sandbox.awaitProcess("tar").getInt("exit.code"));
    long grown = Figures.rssMib(daemon.pid()) - rss;
    assertTrue(grown < 80, "the daemon grew by " + grown + " MiB");
    assertTrue(Figures.storedMib(daemon.stateDirectory()) < 4);
  }

  @Test
  void withoutAReaderTheProcessWaits(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    int pid = sandbox.spawn("yes", List.of("yes"), "output", "stream").getInt("pid");
    await().until(() -> waitsInAWrite(pid));
    long before = written(pid);
    assertTrue(before < 4 << 20, "no more than the pipe holds: " + before);
    try (Exchange slow = read(sandbox, "yes")) {
      byte[] some = new byte[1000];
      assertTrue(slow.read(some) > 0);
      // What is on its way is bounded: the pipe, the daemon's queue, the socket's buffers.
      await().until(() -> waitsInAWrite(pid));
      assertTrue(written(pid) < 16 << 20, "on its way: " + written(pid));
      long rss = Figures.rssMib(daemon.pid());
      for (long count = 0; count < 20 << 20; ) {
        count += slow.read(new byte[1 << 16]);
      }
      assertTrue(Figures.rssMib(daemon.pid()) < rss + 40);
    }
    JsonPath exit = sandbox.awaitProcess("yes");
    assertEquals(141, exit.getInt("exit.code"), "its reader has gone away");
    assertEquals("PIPE", exit.getString("exit.signal"));
  }

  private static boolean waitsInAWrite(int pid) throws Exception {
    return Files.readString(Path.of("/proc/" + pid + "/wchan")).contains("pipe");
  }

  /** Bytes it has given to write(2) in all. */
  private static long written(int pid) {
    return HostCgroups.lines(Path.of("/proc/" + pid + "/io")).stream()
        .filter(line -> line.startsWith("wchar"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void itHasOneReaderAndOnlyFromItsBeginning(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("cat", List.of("cat"), "stdin", "pipe", "output", "stream");
    for (String query : List.of("?offset=0", "?offset=1", "?tail=1", "?stream=both")) {
      sandbox.get("/processes/cat/output" + query).then().statusCode(400);
    }
    try (Exchange range = sandbox.exchange("GET", "/processes/cat/output", "Range: bytes=0-1")) {
      assertEquals(400, range.status());
    }
    try (Exchange reader = read(sandbox, "cat")) {
      assertEquals(200, reader.status());
      sandbox
          .get("/processes/cat/output")
          .then()
          .statusCode(409)
          .body("code", equalTo("wrong_state"));
      sandbox.input("cat", "?close=true", "all of it").then().statusCode(204);
      assertEquals("all of it", reader.readText());
    }
    sandbox.get("/processes/cat/output").then().statusCode(409);
    assertEquals(0, sandbox.awaitProcess("cat").getInt("exit.code"));
  }

  @Test
  void whoComesAfterTheEndGetsWhatThePipeHolds(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("short", List.of("sh", "-c", "echo late; echo err >&2"), "output", "stream");
    sandbox.awaitProcess("short");
    assertEquals("late\n", sandbox.get("/processes/short/output?follow=true").asString());
    assertEquals("err\n", sandbox.get("/processes/short/output?stream=stderr").asString());
  }

  @Test
  void aChildThatKeepsThePipeOpenDoesNotKeepTheAnswerOpen(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn(
        "parent",
        List.of("sh", "-c", "sleep 600 & read -r go; echo over"),
        "stdin",
        "pipe",
        "output",
        "stream");
    try (Exchange reader = read(sandbox, "parent")) {
      assertEquals(200, reader.status());
      sandbox.input("parent", "", "go\n").then().statusCode(204);
      assertEquals("over\n", reader.readText());
    }
  }

  @Test
  void itsEndsAreOnlyForReadersAndLogs(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    for (var wrong :
        List.of(
            json("output", "stream", "wait", true),
            json("output", "stream", "tty", true),
            json("output", "stream", "outputRetention", "1Mi"))) {
      wrong.put("args", List.of("true"));
      sandbox.post("/exec", wrong).then().statusCode(400);
    }
  }
}
