package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.path.json.JsonPath;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A terminal for a process, driven by plain requests. */
@ExtendWith(LeakCheck.class)
@Timeout(120)
// Descriptors and cgroups are counted, and blanks made ahead take some.
@LeakCheck.With(name = "sandboxd.pool", value = "0")
class TerminalIT {
  private static final List<String> SHELL = List.of("sh", "-i");
  private static final Map<String, String> PROMPT = Map.of("PS1", "% ");

  private static JsonPath tty(TestSandbox sandbox, String script, Object... namesAndValues) {
    Map<String, Object> more = json(namesAndValues);
    more.put("tty", true);
    Object[] all =
        more.entrySet().stream()
            .flatMap(e -> java.util.stream.Stream.of(e.getKey(), e.getValue()))
            .toArray();
    return sandbox.exec(List.of("sh", "-c", script), all);
  }

  @Test
  void isAControllingTerminalOfTheSandboxsOwn(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    JsonPath result =
        tty(
            sandbox,
            "tty; stty size; echo out; echo err >&2; echo dev > /dev/tty; test -t 0 && echo is; "
                + "ps -o tty= -p $$; ps -o sid= -p $$ | grep -cw $$",
            "consoleSize",
            json("height", 33, "width", 77));
    assertEquals(
        "/dev/pts/0\n33 77\nout\nerr\ndev\nis\npts/0\n1\n",
        result.getString("stdout").replace("\r", ""));
    assertEquals("", result.getString("stderr"), "a terminal has one stream");
    assertEquals("24 80", tty(sandbox, "stty size").getString("stdout").strip());
    assertTrue(result.getBoolean("tty"));
  }

  @Test
  void resizingIsToldToTheForeground(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    resizeOne(sandbox, "large", 65535, 1);
    resizeOne(sandbox, "sized", 40, 120);
    for (Object wrong :
        List.of(
            json("rows", 0, "columns", 1), json("rows", 1), json("rows", 1, "columns", 65536))) {
      sandbox.post("/processes/sized/resize", wrong).then().statusCode(400);
    }
    resize(sandbox, "main", 1, 1).then().statusCode(409).body("code", equalTo("wrong_state"));
    sandbox.post("/processes/sized/kill", json("signal", "KILL"));
    sandbox.awaitProcess("sized");
    resize(sandbox, "sized", 1, 1).then().statusCode(409);
  }

  /** Each is told once: a signal that comes while bash is in the trap of the same one is lost. */
  private static void resizeOne(TestSandbox sandbox, String process, int rows, int columns)
      throws Exception {
    sandbox.spawn(
        process,
        List.of(
            "bash", "-c", "trap 'stty size' WINCH; echo ready; while :; do read -r -t 60; done"),
        "tty",
        true);
    try (Exchange screen = sandbox.follow(process)) {
      screen.readUntil("ready\r\n");
      resize(sandbox, process, rows, columns).then().statusCode(204);
      screen.readUntil(rows + " " + columns + "\r\n");
    }
  }

  private static io.restassured.response.Response resize(
      TestSandbox sandbox, String process, int rows, int columns) {
    return sandbox.post(
        "/processes/" + process + "/resize", json("rows", rows, "columns", columns));
  }

  @Test
  void aStormOfResizesIsWeathered(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn(
        "sized",
        List.of(
            "bash", "-c", "trap : WINCH; while read -r word; do echo got $word; stty size; done"),
        "tty",
        true);
    Crowd.run(
        3000,
        16,
        number ->
            sandbox.quick(
                204,
                "POST",
                "/processes/sized/resize",
                json("rows", 10 + number % 50, "columns", 100)));
    resize(sandbox, "sized", 50, 132).then().statusCode(204);
    try (Exchange screen = sandbox.follow("sized")) {
      sandbox.input("sized", "", "word\n").then().statusCode(204);
      screen.readUntil("got word\r\n50 132\r\n");
    }
  }

  @Test
  void keysAreThoseOfATerminal(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("sh", SHELL, "tty", true, "env", PROMPT);
    try (Exchange screen = sandbox.follow("sh")) {
      screen.readUntil("% ");
      type(sandbox, "sleep 1000 && echo never\n");
      await()
          .until(
              () ->
                  sandbox.sh("ps -eo args").contains("sleep 1000 ".strip())
                      && sandbox.sh("ps -eo stat,args").contains("S+"));
      type(sandbox, "\3");
      screen.readUntil("^C\r\n% ");
      type(sandbox, "echo $?\n");
      screen.readUntil("130\r\n% ");

      type(sandbox, "sleep 1001\n");
      await().until(() -> sandbox.sh("ps -eo stat,args").contains("S+   sleep 1001"));
      type(sandbox, "\32");
      screen.readUntil("% ");
      await().until(() -> sandbox.sh("ps -eo stat,args").contains("T    sleep 1001"));
      type(sandbox, "jobs\n");
      assertTrue(screen.readUntil("sleep 1001\r\n% ").contains("topped"));
      type(sandbox, "kill %1; fg\n");
      screen.readUntil("% ");

      type(sandbox, "cat\n");
      type(sandbox, "line\n");
      screen.readUntil("line\r\nline\r\n");
      type(sandbox, "\4");
      screen.readUntil("% ");
      sandbox.input("sh", "?close=true", "").then().statusCode(204);
      screen.readText();
    }
    assertEquals("exited", sandbox.awaitProcess("sh").getString("exit.reason"));
  }

  private static void type(TestSandbox sandbox, String keys) {
    sandbox.input("sh", "", keys).then().statusCode(204);
  }

  @Test
  void manySeeTheSameAndTheOneWhoComesBackMissedNothing(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("sh", SHELL, "tty", true, "env", PROMPT);
    String seen;
    try (Exchange one = sandbox.follow("sh");
        Exchange other = sandbox.follow("sh")) {
      one.readUntil("% ");
      type(sandbox, "echo a\n");
      seen = one.readUntil("\r\na\r\n% ");
      assertTrue(other.readUntil("\r\na\r\n% ").endsWith(seen));
    }
    type(sandbox, "echo while nobody looks\n");
    int offset = ("% " + seen).length();
    try (Exchange again =
        sandbox.exchange("GET", "/processes/sh/output?follow=true&offset=" + offset)) {
      assertEquals(
          "echo while nobody looks\r\nwhile nobody looks\r\n% ", again.readUntil("looks\r\n% "));
      type(sandbox, "exit 7\n");
      again.readText();
    }
    assertEquals(7, sandbox.awaitProcess("sh").getInt("exit.code"));
  }

  @Test
  void anyUserHasOne(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    JsonPath result =
        tty(
            sandbox,
            "id -u; echo x > $(tty); echo y > /dev/tty; echo z > /dev/stdout; test -w /dev/pts || echo no",
            "user",
            json("uid", 1000, "gid", 1000));
    assertEquals("1000\nx\ny\nz\nno\n", result.getString("stdout").replace("\r", ""));
  }

  @Test
  void alsoAmongTheHostsUsersAndMounts(Daemon daemon) {
    for (Map<String, Object> namespaces :
        List.of(
            json("user", "host"),
            json("mount", "host", "user", "host"),
            json("default", "host", "pid", "new"))) {
      TestSandbox sandbox = TestSandbox.started(daemon, "namespaces", namespaces);
      String out =
          tty(sandbox, "tty > /dev/tty; id -u; stty size", "user", json("uid", 65534))
              .getString("stdout")
              .replace("\r", "");
      assertTrue(out.matches("/dev/pts/\\d+\n65534\n24 80\n"), namespaces + ": " + out);
    }
  }

  @Test
  void withoutADevptsThereIsNoneAndThatIsSaid(Daemon daemon) throws Exception {
    Path root = BusyboxRoot.make(daemon, "bare");
    TestSandbox sandbox =
        TestSandbox.started(
            daemon, "root", json("path", root.toString()), "namespaces", json("user", "host"));
    sandbox.sh("umount /dev/pts", "capabilities", List.of("CAP_SYS_ADMIN"));
    int before = Figures.terminals();
    int files = Figures.descriptors(daemon.pid());
    for (int i = 0; i < 20; i++) {
      sandbox
          .post("/exec", json("args", List.of("true"), "tty", true))
          .then()
          .statusCode(422)
          .body("code", equalTo("launch_failed"))
          .body("field", equalTo("tty"))
          .body("step", equalTo("open terminal"))
          .body("detail", containsString("devpts"));
    }
    assertEquals(before, Figures.terminals());
    await().until(() -> Figures.descriptors(daemon.pid()) <= files);
    assertEquals(2, sandbox.get("/processes").jsonPath().getList("processes").size());
    assertEquals("ok", sandbox.sh("echo ok"));
  }

  @Test
  void aFailedStartLeavesNoTerminal(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    int init = sandbox.initPid();
    fail(sandbox, 20);
    int terminals = Figures.terminals();
    int files = Figures.descriptors(daemon.pid());
    int filesOfInit = Figures.descriptors(init);
    fail(sandbox, 1000);
    await().until(() -> Figures.terminals() <= terminals);
    await().until(() -> Figures.descriptors(daemon.pid()) <= files);
    await().until(() -> Figures.descriptors(init) <= filesOfInit);
    assertEquals("/dev/pts/0", tty(sandbox, "tty").getString("stdout").strip());
  }

  private static void fail(TestSandbox sandbox, int times) {
    Map<String, Object> request = json("args", List.of("/nowhere"), "tty", true);
    Crowd.run(times, 8, number -> sandbox.quick(422, "POST", "/exec", request));
  }

  @Test
  void whatIsWrittenAtTheVeryEndIsComplete(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    // -onlcr: the terminal is to change nothing.
    String generate = "seq -w 0 9999999 | head -c 20000000";
    String sum = sandbox.sh(generate + " | sha256sum | cut -d' ' -f1");
    sandbox.spawn(
        "much",
        List.of("sh", "-c", "stty -onlcr; " + generate),
        "tty",
        true,
        "outputRetention",
        "32Mi");
    sandbox.awaitProcess("much");
    byte[] seen = sandbox.get("/processes/much/output").asByteArray();
    assertEquals(20_000_000, seen.length);
    assertEquals(sum, sumOf(seen));
    Crowd.run(
        100,
        8,
        number -> {
          String out =
              tty(sandbox, "stty -onlcr; head -c 3000 /dev/zero | tr '\\0' x").getString("stdout");
          assertEquals(3000, out.length());
          return out;
        });
  }

  private static String sumOf(byte[] bytes) {
    try {
      return Figures.sha256(new java.io.ByteArrayInputStream(bytes));
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
