package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.path.json.JsonPath;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Feeding a process's stdin. */
@ExtendWith(LeakCheck.class)
@Timeout(120)
class InputIT {
  private static final String PIPE = "pipe";

  private static TestSandbox withCat(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("cat", List.of("cat"), "stdin", PIPE);
    return sandbox;
  }

  @Test
  void arrivesPieceByPieceInOneRequest(Daemon daemon) throws Exception {
    TestSandbox sandbox = withCat(daemon);
    try (Exchange follow = sandbox.follow("cat");
        Exchange input = sandbox.upload("cat", "?close=true")) {
      for (String word : List.of("question", "second question", "bye")) {
        input.send(word);
        assertEquals(word, follow.readUntil(word), "the answer comes while the request goes on");
      }
      input.end();
      assertEquals(204, input.status());
      assertEquals("26", input.header("Sandboxd-Offset"));
      assertEquals("", follow.readText(), "cat has had its end of file");
    }
    assertEquals(0, sandbox.awaitProcess("cat").getInt("exit.code"));
  }

  @Test
  void nothingAndTheEnd(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("count", List.of("wc", "-c"), "stdin", PIPE);
    sandbox.input("count", "", "").then().statusCode(204).header("Sandboxd-Offset", "0");
    sandbox.input("count", "?close=true", "").then().statusCode(204).header("Sandboxd-Offset", "0");
    sandbox.awaitProcess("count");
    assertEquals("0\n", sandbox.output("count"));
  }

  @Test
  void sixtyMegabytesArriveWhole(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("sum", List.of("sha256sum"), "stdin", PIPE);
    byte[] megabyte = new byte[1 << 20];
    Random random = new Random(3);
    java.security.MessageDigest digest = java.security.MessageDigest.getInstance("SHA-256");
    try (Exchange input = sandbox.upload("sum", "?close=true")) {
      for (int i = 0; i < 60; i++) {
        random.nextBytes(megabyte);
        digest.update(megabyte);
        input.send(megabyte);
      }
      input.end();
      assertEquals(204, input.status());
      assertEquals("" + (60 << 20), input.header("Sandboxd-Offset"));
    }
    sandbox.awaitProcess("sum");
    String sum = java.util.HexFormat.of().formatHex(digest.digest());
    assertEquals(sum + "  -\n", sandbox.output("sum"));
  }

  @Test
  void anOffsetMakesARepetitionHarmless(Daemon daemon) {
    TestSandbox sandbox = withCat(daemon);
    for (int times = 0; times < 3; times++) {
      sandbox
          .input("cat", "?offset=0", "abc")
          .then()
          .statusCode(204)
          .header("Sandboxd-Offset", "3");
    }
    sandbox.input("cat", "?offset=1", "bcde").then().statusCode(204).header("Sandboxd-Offset", "5");
    sandbox
        .input("cat", "?offset=6", "x")
        .then()
        .statusCode(416)
        .body("code", equalTo("range_not_satisfiable"))
        .body("size", equalTo(5));
    sandbox.input("cat", "?offset=5&close=true", "f").then().statusCode(204);
    sandbox.input("cat", "?offset=5&close=true", "f").then().statusCode(204);
    assertEquals(0, sandbox.awaitProcess("cat").getInt("exit.code"));
    assertEquals("abcdef", sandbox.output("cat"));
  }

  @Test
  void afterTheEndOfFileNothingIsTaken(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("late", List.of("sh", "-c", "cat; exec sleep 1000"), "stdin", PIPE);
    sandbox.input("late", "?close=true", "all").then().statusCode(204);
    sandbox.input("late", "", "more").then().statusCode(409).body("code", equalTo("wrong_state"));
    sandbox.input("late", "?offset=0", "all").then().statusCode(204);
    await().until(() -> sandbox.output("late").equals("all"));
  }

  @Test
  void onlyAPipeOrATerminalTakesInput(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.input("main", "", "x").then().statusCode(409).body("code", equalTo("wrong_state"));
    sandbox.input("none", "", "x").then().statusCode(404);
    sandbox.input("main", "?offset=-1", "x").then().statusCode(400);
    sandbox.input("main", "?end=true", "x").then().statusCode(400).body("field", equalTo("end"));
  }

  /** It is held back, and nobody else is; what the process never reads is no failure. */
  @Test
  void aProcessThatDoesNotReadHoldsItsWriterBack(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("deaf", List.of("sleep", "1000"), "stdin", PIPE);
    byte[] piece = new byte[1 << 16];
    try (Exchange input = sandbox.upload("deaf", "")) {
      Thread writer =
          new Thread(
              () -> {
                try {
                  for (int i = 0; i < 2000; i++) {
                    input.send(piece);
                  }
                  input.end();
                } catch (java.io.IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      writer.start();
      await().until(() -> writer.getState() != Thread.State.NEW && Figures.waitsToWrite(writer));
      long rss = Figures.rssMib(daemon.pid());
      for (int i = 0; i < 20; i++) {
        assertEquals("ok", sandbox.sh("echo ok"));
      }
      assertTrue(writer.isAlive(), "128 MB are not taken for a process that reads nothing");
      assertTrue(Figures.rssMib(daemon.pid()) < rss + 40, "nor kept by the daemon");
      sandbox.post("/processes/deaf/kill", json("signal", "KILL")).then().statusCode(204);
      assertEquals(204, input.status());
      writer.join();
    }
    sandbox.input("deaf", "", "after its end").then().statusCode(204);
  }

  @Test
  void aProcessMayCloseItsStdin(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn(
        "closed", List.of("sh", "-c", "exec 0<&-; echo closed; exec sleep 1000"), "stdin", PIPE);
    await().until(() -> sandbox.output("closed").equals("closed\n"));
    byte[] much = new byte[300_000];
    sandbox.input("closed", "?offset=0", much).then().statusCode(204);
    sandbox
        .input("closed", "?offset=300000&close=true", much)
        .then()
        .statusCode(204)
        .header("Sandboxd-Offset", "600000");
    sandbox.spawn("head", List.of("head", "-c", "3"), "stdin", PIPE);
    sandbox.input("head", "?close=true", much).then().statusCode(204);
    assertEquals(0, sandbox.awaitProcess("head").getInt("exit.code"));
  }

  @Test
  void twoWritersAreBothHeard(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("sort", List.of("sort"), "stdin", PIPE, "outputRetention", "64Mi");
    String lines = "line of text\n".repeat(1000);
    Crowd.run(40, 8, number -> sandbox.input("sort", "", lines).then().statusCode(204));
    sandbox.input("sort", "?close=true", "").then().statusCode(204);
    sandbox.awaitProcess("sort");
    String sorted = sandbox.output("sort");
    assertEquals(40_000, sorted.lines().count());
  }

  @Test
  void aClientThatGoesAwayHasFedWhatItSent(Daemon daemon) throws Exception {
    TestSandbox sandbox = withCat(daemon);
    try (Exchange input = sandbox.upload("cat", "?close=true")) {
      input.send("half");
      await().until(() -> sandbox.output("cat").equals("half"));
    }
    sandbox.input("cat", "?offset=2&close=true", "lf and half").then().statusCode(204);
    sandbox.awaitProcess("cat");
    assertEquals("half and half", sandbox.output("cat"));
  }

  @Test
  void whoAsksIsToldToContinue(Daemon daemon) throws Exception {
    TestSandbox sandbox = withCat(daemon);
    String path = "/processes/cat/input?close=true";
    try (Exchange input =
        sandbox.exchange("POST", path, "Content-Length: 5", "Expect: 100-continue")) {
      assertEquals(100, input.status());
      input.write("hello".getBytes(UTF_8));
      assertEquals(204, input.status());
    }
    try (Exchange refused =
        sandbox.exchange(
            "POST", "/processes/main/input", "Content-Length: 5", "Expect: 100-continue")) {
      assertEquals(409, refused.status(), "before anything is sent");
    }
    assertEquals(0, sandbox.awaitProcess("cat").getInt("exit.code"));
    assertEquals("hello", sandbox.output("cat"));
  }

  /** As `nc -N` and shutdown(2) do: nothing more is asked, but the answer is still wanted. */
  @Test
  void whoShutsDownItsSideStillGetsAnAnswer(Daemon daemon) throws Exception {
    TestSandbox sandbox = withCat(daemon);
    try (Exchange input =
        sandbox.exchange("POST", "/processes/cat/input?close=true", "Content-Length: 5")) {
      input.write("hello".getBytes(UTF_8)).shutdownOutput();
      assertEquals(204, input.status());
    }
    sandbox.awaitProcess("cat");
    sandbox.spawn("job", List.of("sh", "-c", "read -r word; echo $word"), "stdin", PIPE);
    try (Exchange follow = sandbox.follow("job").shutdownOutput();
        Exchange wait = sandbox.exchange("GET", "/processes/job/wait").shutdownOutput()) {
      assertEquals(200, follow.status());
      sandbox.input("job", "", "last\n").then().statusCode(204);
      assertEquals("last\n", follow.readText());
      assertEquals(0, JsonPath.from(wait.readText()).getInt("exit.code"));
    }
  }
}
