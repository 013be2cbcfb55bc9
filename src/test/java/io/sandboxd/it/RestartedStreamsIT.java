package io.sandboxd.it;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The streams of processes while the daemon is killed and another one takes over. */
@ExtendWith(LeakCheck.class)
@Timeout(120)
class RestartedStreamsIT {
  private static void restart(Daemon daemon) {
    daemon.kill();
    daemon.start();
  }

  @Test
  void whatIsWrittenMeanwhileIsThereAndGoesOn(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    // Opened for reading and writing, so that neither end waits for the other.
    sandbox.sh("mkfifo /tmp/go");
    String script = "exec 3<>/tmp/go; echo before; read -r w <&3; seq 3; echo $w; cat <&3";
    sandbox.spawn("job", List.of("bash", "-c", script));
    int init = sandbox.initPid();
    await().until(() -> sandbox.output("job").equals("before\n"));
    daemon.kill();
    java.nio.file.Files.writeString(
        java.nio.file.Path.of("/proc/" + init + "/root/tmp/go"), "meanwhile\n");
    daemon.start();
    try (Exchange follow = sandbox.exchange("GET", "/processes/job/output?follow=true&offset=7")) {
      follow.readUntil("1\n2\n3\nmeanwhile\n");
      sandbox.sh("echo later > /tmp/go");
      follow.readUntil("later\n");
    }
  }

  @Test
  void stdinGoesOnWhereItStood(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("cat", List.of("cat"), "stdin", "pipe");
    sandbox.spawn("closed", List.of("sh", "-c", "cat; exec sleep 1000"), "stdin", "pipe");
    sandbox.input("cat", "?offset=0", "abc").then().statusCode(204);
    sandbox.input("closed", "?close=true", "all").then().statusCode(204);
    restart(daemon);
    sandbox
        .input("cat", "?offset=0", "abcde")
        .then()
        .statusCode(204)
        .header("Sandboxd-Offset", "5");
    sandbox.input("cat", "?offset=9", "x").then().statusCode(416).body("size", equalTo(5));
    sandbox.input("closed", "", "more").then().statusCode(409);
    restart(daemon);
    sandbox.input("cat", "?offset=5&close=true", "f").then().statusCode(204);
    assertEquals(0, sandbox.awaitProcess("cat").getInt("exit.code"));
    assertEquals("abcdef", sandbox.output("cat"));
    restart(daemon);
    assertEquals("abcdef", sandbox.output("cat"), "and can be read for ever");
  }

  @Test
  void aTerminalStays(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("sh", List.of("sh", "-i"), "tty", true, "env", Map.of("PS1", "% "));
    sandbox
        .input("sh", "", "((sleep 1; echo nobody; echo looks) &); echo asked\n")
        .then()
        .statusCode(204);
    await().until(() -> sandbox.output("sh").contains("\r\nasked\r\n"));
    int offset = sandbox.output("sh").length();
    daemon.kill();
    daemon.start();
    try (Exchange screen = sandbox.exchange("GET", "/processes/sh/output?follow=true")) {
      screen.readUntil("nobody\r\nlooks\r\n");
      sandbox
          .post("/processes/sh/resize", TestSandbox.json("rows", 50, "columns", 101))
          .then()
          .statusCode(204);
      sandbox.input("sh", "", "stty size\n").then().statusCode(204);
      screen.readUntil("50 101\r\n% ");
      sandbox.input("sh", "?close=true", "").then().statusCode(204);
      screen.readText();
    }
    assertTrue(offset > 0);
    assertEquals("exited", sandbox.awaitProcess("sh").getString("exit.reason"));
  }

  @Test
  void whatWasWrittenTooMuchMeanwhileIsForgotten(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn(
        "flood",
        List.of("sh", "-c", "read -r go; sleep 1; head -c 40M /dev/zero; sleep 1000"),
        "stdin",
        "pipe",
        "outputRetention",
        "64Ki");
    sandbox.input("flood", "", "go\n").then().statusCode(204);
    daemon.kill();
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> Figures.storedMib(daemon.stateDirectory()) >= 40);
    daemon.start();
    await().until(() -> Figures.storedMib(daemon.stateDirectory()) < 4);
    assertEquals(
        "" + (40 << 20), sandbox.get("/processes/flood/output?tail=0").header("Sandboxd-Size"));
  }

  @Test
  void aStreamEndsWithItsDaemon(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("yes", List.of("yes"), "output", "stream");
    restart(daemon);
    assertEquals("PIPE", sandbox.awaitProcess("yes").getString("exit.signal"));
    sandbox.get("/processes/yes/output").then().statusCode(409);
  }
}
