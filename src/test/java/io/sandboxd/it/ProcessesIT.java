package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.path.json.JsonPath;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Main and exec'd processes: what goes in, what comes out, and how they end. */
@ExtendWith(LeakCheck.class)
class ProcessesIT {
  @Test
  void execGivesOutputsCodeAndUsage(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    JsonPath result = sandbox.exec(List.of("sh", "-c", "echo out; echo err >&2; exit 3"));
    assertEquals("out\n", result.getString("stdout"));
    assertEquals("err\n", result.getString("stderr"));
    assertEquals(3, result.getInt("exit.code"));
    assertEquals("exited", result.getString("exit.reason"));
    assertEquals("utf-8", result.getString("encoding"));
    assertTrue(result.getDouble("usage.wallSeconds") > 0);
    assertTrue(result.getLong("usage.maxRssBytes") > 0);
  }

  @Test
  void inputIsReadAndEnds(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    assertEquals("grüße", sandbox.sh("cat", "input", "grüße"));
    assertEquals("0", sandbox.sh("wc -c", "inputBase64", ""));
    JsonPath bytes = sandbox.exec(List.of("cat"), "inputBase64", "/wD+");
    assertEquals("/wD+", bytes.getString("stdout"));
    assertEquals("base64", bytes.getString("encoding"));
    assertEquals("0", sandbox.sh("wc -c"), "nothing is said: nothing is read");
  }

  @Test
  void outputIsCutAtTheLimitAndKeptWhole(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    JsonPath result =
        sandbox.exec(List.of("sh", "-c", "head -c 5000 /dev/zero | tr '\\0' x"), "maxOutput", 100);
    assertEquals("x".repeat(100), result.getString("stdout"));
    assertTrue(result.getBoolean("stdoutTruncated"));
    String id = result.getString("id");
    assertEquals(5000, sandbox.get("/processes/" + id + "/output").asByteArray().length);
    assertEquals(
        "10",
        sandbox.get("/processes/" + id + "/output?tail=10").header("Content-Length") == null
            ? "" + sandbox.get("/processes/" + id + "/output?tail=10").asByteArray().length
            : "10");
    sandbox
        .get("/processes/" + id + "/output?offset=4990")
        .then()
        .statusCode(200)
        .header("Sandboxd-Offset", "4990");
    sandbox.get("/processes/" + id + "/output?offset=5001").then().statusCode(416);
  }

  @Test
  void aBackgroundChildDoesNotHoldExecBack(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    JsonPath result = sandbox.exec(List.of("sh", "-c", "sleep 600 & echo ok"));
    assertEquals("ok\n", result.getString("stdout"));
    assertTrue(result.getDouble("usage.wallSeconds") < 300);
  }

  @Test
  void environmentUserGroupsAndDirectory(Daemon daemon) throws Exception {
    Path root = BusyboxRoot.make(daemon, "users");
    TestSandbox sandbox =
        TestSandbox.started(
            daemon,
            "name",
            "users",
            "root",
            json("path", root.toString()),
            "process",
            json("args", List.of("sleep", "1000"), "env", json("FROM_MAIN", "1")));
    assertEquals(
        "1 2 /root users",
        sandbox.sh("echo $FROM_MAIN $MINE $HOME $HOSTNAME", "env", json("MINE", "2")));
    assertEquals("/etc", sandbox.sh("pwd", "cwd", "/etc"));
    assertEquals(
        "uid=1000(app) gid=1001(app) groups=2000(extra) /home/app",
        sandbox.sh("echo $(id) $HOME", "user", json("uid", "app")));
    assertEquals(
        "uid=77 gid=88 groups=99,2000(extra)",
        sandbox.sh(
            "id", "user", json("uid", 77, "gid", 88, "additionalGids", List.of(99, "extra"))));
    sandbox
        .post("/exec", json("args", List.of("id"), "user", json("uid", "nobody-here")))
        .then()
        .statusCode(400)
        .body("field", equalTo("user.uid"))
        .body("detail", containsString("nobody-here"));
  }

  /** Whoever writes the sandbox's passwd file decides nothing outside, and holds up nobody. */
  @Test
  void hostileUserFiles(Daemon daemon) throws Exception {
    Path root = BusyboxRoot.make(daemon, "hostile");
    TestSandbox sandbox = TestSandbox.started(daemon, "root", json("path", root.toString()));
    sandbox.sh("rm /etc/passwd; ln -s /etc/shadow /etc/passwd");
    sandbox
        .post("/exec", json("args", List.of("id"), "user", json("uid", "daemon")))
        .then()
        .statusCode(400);
    Files.delete(root.resolve("etc/passwd"));
    TestSandbox.host("mkfifo", root.resolve("etc/passwd").toString());
    sandbox
        .post("/exec", json("args", List.of("id"), "user", json("uid", "daemon")))
        .then()
        .statusCode(400);
    assertEquals("ok", sandbox.sh("echo ok"));
  }

  /**
   * Opening some files does something: here it would make a terminal, and could take hold of it.
   */
  @Test
  void userFilesThatAreDevicesAreNotOpened(Daemon daemon) throws Exception {
    Path root = BusyboxRoot.make(daemon, "devices-as-files");
    Files.delete(root.resolve("etc/passwd"));
    Files.createSymbolicLink(root.resolve("etc/passwd"), Path.of("/dev/pts/ptmx"));
    TestSandbox sandbox = TestSandbox.started(daemon, "root", json("path", root.toString()));
    sandbox
        .post("/exec", json("args", List.of("true"), "user", json("uid", "root")))
        .then()
        .statusCode(400)
        .body("field", equalTo("user.uid"));
    assertEquals("ptmx", sandbox.sh("ls /dev/pts"));
  }

  @Test
  void limitsUmaskAndPrivileges(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    assertEquals(
        "64 128",
        sandbox.sh(
            "echo $(ulimit -Sn) $(ulimit -Hn)",
            "rlimits",
            json("nofile", json("soft", 64, "hard", 128))));
    assertEquals("0077", sandbox.sh("umask", "umask", 63));
    assertEquals("0022", sandbox.sh("umask"));
    assertEquals("1", sandbox.sh("grep NoNewPrivs /proc/self/status | cut -f2"));
    assertEquals(
        "0", sandbox.sh("grep NoNewPrivs /proc/self/status | cut -f2", "noNewPrivileges", false));
    // capabilities(7): Docker's default set without MKNOD and AUDIT_WRITE, as bits
    assertEquals("00000000800425fb", sandbox.sh("grep CapBnd /proc/self/status | cut -f2"));
    assertEquals("00000000800425fb", sandbox.sh("grep CapEff /proc/self/status | cut -f2"));
    assertEquals(
        "0000000000000000",
        sandbox.sh("grep CapEff /proc/self/status | cut -f2", "user", json("uid", 1000)));
    assertEquals(
        "0000000000000400",
        sandbox.sh(
            "grep CapEff /proc/self/status | cut -f2",
            "user",
            json("uid", 1000),
            "capabilities",
            List.of("CAP_NET_BIND_SERVICE")));
    assertEquals(
        "0000000000000000",
        sandbox.sh("grep CapBnd /proc/self/status | cut -f2", "capabilities", List.of()));
    assertEquals("500", sandbox.sh("cat /proc/self/oom_score_adj", "oomScoreAdj", 500));
  }

  @Test
  void whatCannotBeExecutedIsTold(Daemon daemon) throws Exception {
    Path root = BusyboxRoot.make(daemon, "exec");
    Files.writeString(root.resolve("bin/text"), "no shebang, not executable");
    Files.writeString(root.resolve("bin/garbage"), "\1\2\3\4").toFile().setExecutable(true, false);
    TestSandbox sandbox = TestSandbox.started(daemon, "root", json("path", root.toString()));
    fails(sandbox, "nowhere", "ENOENT", 127);
    fails(sandbox, "/bin/text", "EACCES", 126);
    fails(sandbox, "/bin/garbage", "ENOEXEC", 126);
    fails(sandbox, "/etc", "EACCES", 126);
    sandbox
        .post("/exec", json("args", List.of("true"), "cwd", "/nowhere"))
        .then()
        .statusCode(422)
        .body("step", equalTo("change to cwd"))
        .body("syscall", equalTo("chdir"));
    sandbox
        .post("/exec", json("args", List.of("true"), "user", json("uid", 70000)))
        .then()
        .statusCode(400)
        .body("field", equalTo("user.uid"));
    assertEquals(
        1,
        sandbox.get("/processes").jsonPath().getList("processes").size(),
        "nothing is kept of them");
  }

  private static void fails(TestSandbox sandbox, String command, String errno, int exitCode) {
    sandbox
        .post("/exec", json("args", List.of(command)))
        .then()
        .statusCode(422)
        .body("code", equalTo("launch_failed"))
        .body("step", equalTo("execve"))
        .body("errnoName", equalTo(errno))
        .body("exitCode", equalTo(exitCode));
  }

  @Test
  void aProcessIsAResource(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    JsonPath made = sandbox.spawn("job", List.of("sh", "-c", "echo begun; exec sleep 1000"));
    assertEquals("running", made.getString("state"));
    int pid = made.getInt("pid");
    assertTrue(ProcessHandle.of(pid).isPresent());
    assertTrue(made.getInt("sandboxPid") > 1);
    sandbox.get("/processes/job/wait?timeout=10ms").then().statusCode(204);
    await().until(() -> sandbox.get("/processes/job/output").asString().equals("begun\n"));
    sandbox.post("/processes/job/kill", json("signal", "INT")).then().statusCode(204);
    JsonPath exit = sandbox.awaitProcess("job");
    assertEquals(130, exit.getInt("exit.code"));
    assertEquals("INT", exit.getString("exit.signal"));
    assertEquals("killed", exit.getString("exit.reason"));
    assertEquals(
        "exited",
        sandbox.get("/processes/job").jsonPath().getString("state"),
        "can be asked for later");
    sandbox.post("/processes/job/kill", json("signal", 15)).then().statusCode(409);
    sandbox
        .post("/exec", json("id", "job", "args", List.of("true")))
        .then()
        .statusCode(409)
        .body("code", equalTo("name_in_use"));
    sandbox.get("/processes/none").then().statusCode(404);
  }

  @Test
  void aTimeoutEndsTheWholeGroup(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    JsonPath result =
        sandbox.exec(List.of("sh", "-c", "sleep 987 & sleep 987"), "timeout", "200ms");
    assertEquals("timeout", result.getString("exit.reason"));
    await().until(() -> !sandbox.sh("ps -eo args").contains("sleep 987"));
    JsonPath stubborn =
        sandbox.exec(
            List.of("sh", "-c", "trap '' TERM; while :; do sleep 1; done"), "timeout", 0.1);
    assertEquals("timeout", stubborn.getString("exit.reason"));
    assertEquals("KILL", stubborn.getString("exit.signal"));
  }

  @Test
  void orphansAreReaped(Daemon daemon) {
    for (String pids : List.of("new", "host")) {
      TestSandbox sandbox =
          TestSandbox.started(daemon, "namespaces", json("pid", pids, "user", "host"));
      sandbox.sh("for i in 1 2 3 4 5; do (sh -c 'exit 1' &) ; done");
      int init = sandbox.initPid();
      await()
          .until(
              () ->
                  TestSandbox.host("sh", "-c", "ps --ppid " + init + " -o stat= || true")
                      .lines()
                      .noneMatch(s -> s.startsWith("Z")));
    }
  }

  @Test
  void mainEndsAndCanBeStartedAgain(Daemon daemon) {
    TestSandbox sandbox =
        TestSandbox.create(
            daemon, "process", json("args", List.of("sh", "-c", "echo once; exit 5")));
    assertEquals("created", sandbox.state());
    sandbox.get("/wait").then().statusCode(409);
    for (int round = 0; round < 3; round++) {
      sandbox.post("/start").then().statusCode(200);
      sandbox
          .get("/wait")
          .then()
          .statusCode(200)
          .body("exit.code", equalTo(5))
          .body("exit.reason", equalTo("exited"));
      JsonPath status = sandbox.inspect();
      assertEquals("stopped", status.getString("state"));
      assertEquals(5, status.getInt("exit.code"));
      assertEquals("once\n", sandbox.get("/processes/main/output").asString());
    }
  }

  @Test
  void allAreKilledAndTheSandboxStays(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("one", TestSandbox.SLEEP);
    sandbox.spawn("two", List.of("sh", "-c", "sleep 1000 & sleep 1000"));
    sandbox.post("/kill", json("signal", "KILL", "all", true)).then().statusCode(204);
    for (String id : List.of("main", "one", "two")) {
      assertEquals(137, sandbox.awaitProcess(id).getInt("exit.code"));
    }
    assertEquals("stopped", sandbox.state());
    sandbox.post("/start").then().statusCode(200);
    assertEquals("ok", sandbox.sh("echo ok"));
  }

  @Test
  void wrongStatesAreRefused(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.post("/start").then().statusCode(409).body("state", equalTo("running"));
    sandbox.post("/resume").then().statusCode(409);
    daemon.given().delete("/v1/sandboxes/" + sandbox.id()).then().statusCode(409);
    sandbox.post("/pause").then().statusCode(200).body("state", equalTo("paused"));
    sandbox.post("/exec", json("args", List.of("true"), "wait", true)).then().statusCode(409);
    sandbox.post("/pause").then().statusCode(409);
    sandbox.post("/kill", json("signal", "KILL")).then().statusCode(204);
    sandbox.get("/wait").then().statusCode(200).body("exit.signal", equalTo("KILL"));
    sandbox.post("/exec", json("args", List.of("true"), "wait", true)).then().statusCode(409);
  }
}
