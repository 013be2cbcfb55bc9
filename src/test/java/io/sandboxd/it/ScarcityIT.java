package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restassured.response.Response;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A host that has nothing left: no room, no files, no processes. What cannot be done is refused by
 * an error that says so, nothing that there is takes harm, and when it is over all is as before.
 */
@Timeout(180)
class ScarcityIT {
  private static final Set<Integer> FIT = Set.of(200, 201, 204, 422, 429, 503);
  private static final Map<String, Object> TRUE = json("args", List.of("true"), "wait", true);

  private static void onlyAsRoot() {
    assumeTrue(
        System.getProperty("user.name").equals("root"), "only root can make sandboxes: skipped");
  }

  private static Response tryExec(Daemon daemon, TestSandbox sandbox, Map<String, Object> exec) {
    return daemon.given().body(exec).post(sandbox.path() + "/exec");
  }

  private static void isRefused(Response answer) {
    assertEquals(429, answer.statusCode(), answer.asString());
    assertEquals("limit_exceeded", answer.jsonPath().getString("code"));
  }

  @Test
  void noRoomForState() throws IOException {
    onlyAsRoot();
    Path small = Files.createTempDirectory("sandboxd-it-small-");
    TestSandbox.host("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small.toString());
    try (Daemon daemon = Daemon.prepare()) {
      daemon.with("sandboxd.state-dir", small.resolve("state").toString()).start();
      daemon.given().get("/v1/sandboxes");
      Leaks leaks = Leaks.since(daemon);
      fillAndFree(daemon, small);
      leaks.check();
    } finally {
      TestSandbox.host("umount", small.toString());
      Files.delete(small);
    }
  }

  private static void fillAndFree(Daemon daemon, Path small) throws IOException {
    TestSandbox kept = TestSandbox.started(daemon, "name", "kept");
    TestSandbox spare = TestSandbox.started(daemon, "name", "spare");
    TestSandbox idle = TestSandbox.create(daemon, "name", "idle");
    int init = kept.initPid();
    kept.sh(": > /tmp/one; : > /tmp/two");
    for (String job : List.of("one", "two")) {
      kept.spawn(
          job, List.of("sh", "-c", "while [ ! -s /tmp/" + job + " ]; do sleep 0.02; done; exit 7"));
    }
    Path filler = fill(small.resolve("filler"));

    isRefused(TestSandbox.tryCreate(daemon, json("name", "more")));
    assertEquals(404, daemon.given().get("/v1/sandboxes/more").statusCode());
    isRefused(tryExec(daemon, kept, json("args", List.of("touch", "/tmp/ran"), "id", "ran")));
    kept.get("/processes/ran").then().statusCode(404);
    isRefused(kept.patch(json("labels", json("a", "b"))));
    int started = idle.post("/start").statusCode();
    assertTrue(started == 429, "start: " + started);
    assertEquals("created", idle.state());

    // What happens by itself happens, be there room to write it down or not.
    touch(init, "one");
    assertEquals(7, kept.awaitProcess("one").getInt("exit.code"));
    spare.post("/kill", json("signal", "KILL")).then().statusCode(204);
    spare.get("/wait").then().statusCode(200);
    assertEquals("stopped", spare.state());

    // And the next daemon starts, and knows it from those who keep it.
    daemon.kill();
    touch(init, "two");
    daemon.start();
    for (String job : List.of("one", "two")) {
      assertEquals(7, kept.awaitProcess(job).getInt("exit.code"), job);
    }
    assertEquals("running", kept.state());
    assertEquals("stopped", spare.state());

    // To delete makes room, so it must take none.
    assertEquals(204, spare.delete().statusCode());
    Files.delete(filler);
    assertEquals("", kept.sh("ls /tmp/ran 2>/dev/null || true"), "what was refused never ran");
    idle.post("/start").then().statusCode(200);
    assertEquals(204, TestSandbox.started(daemon, "name", "more").delete().statusCode());
    daemon.kill();
    daemon.start();
    assertEquals(7, kept.awaitProcess("one").getInt("exit.code"));
    assertEquals("ok", kept.sh("echo ok"));
    for (TestSandbox each : List.of(kept, idle)) {
      assertEquals(204, each.delete().statusCode());
    }
  }

  /** By way of the host: there may be no daemon. */
  private static void touch(int init, String file) throws IOException {
    Files.writeString(Path.of("/proc/" + init + "/root/tmp/" + file), "now");
  }

  private static Path fill(Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      while (true) {
        out.write(new byte[4096]);
      }
    } catch (IOException e) {
      assertTrue(e.getMessage().contains("No space left"), e.toString());
      return file;
    }
  }

  @Test
  void noFilesCanBeOpened() throws Exception {
    onlyAsRoot();
    try (Daemon daemon = Daemon.started()) {
      TestSandbox kept = TestSandbox.started(daemon, "name", "kept");
      // All that is done below was done before, so that there is nothing to load any more.
      isRefusedOrDone(daemon, kept, "warm");
      daemon.given().delete("/v1/sandboxes/warm?force=true");
      kept.delete();
      Leaks leaks = Leaks.since(daemon);
      TestSandbox victim = TestSandbox.started(daemon, "name", "kept");
      String before = limit(daemon);
      for (int free = 1; free < 24; free += 2) {
        awaitNoneIsOpened(daemon);
        setLimit(daemon, numberAfterFree(daemon, free) + ":");
        try {
          isRefusedOrDone(daemon, victim, "made" + free);
        } finally {
          setLimit(daemon, before);
        }
        int made = free;
        await("an exec after " + free + " files")
            .until(() -> tryExec(daemon, victim, TRUE).statusCode() == 200);
        int deleted =
            daemon.given().delete("/v1/sandboxes/made" + made + "?force=true").statusCode();
        assertTrue(deleted == 204 || deleted == 404, "delete: " + deleted);
      }
      assertEquals("running", victim.state());
      assertEquals(1, alive(victim), "main, and none of those that were refused");
      TestSandbox.host("kill", "-9", "" + victim.inspect().getInt("processes.main.pid"));
      await("its end").until(() -> victim.state().equals("stopped"));
      assertEquals(204, victim.delete().statusCode());
      leaks.check();
    }
  }

  private static long alive(TestSandbox sandbox) {
    List<String> states = sandbox.get("/processes").jsonPath().getList("processes.state");
    long known = states.stream().filter("running"::equals).count();
    int init = sandbox.initPid();
    long children = ProcessHandle.of(init).stream().flatMap(ProcessHandle::children).count();
    assertEquals(known, children, "running and known");
    return known;
  }

  private static void isRefusedOrDone(Daemon daemon, TestSandbox sandbox, String name) {
    List<Map<String, Object>> execs =
        List.of(TRUE, json("args", List.of("true"), "tty", true, "wait", true));
    for (Map<String, Object> exec : execs) {
      check(daemon, sandbox.path() + "/exec", exec);
    }
    check(daemon, "/v1/sandboxes", json("name", name));
  }

  private static void check(Daemon daemon, String path, Map<String, Object> body) {
    Response answer = daemon.given().body(body).post(path);
    assertTrue(FIT.contains(answer.statusCode()), answer.statusCode() + ": " + answer.asString());
  }

  private static String limit(Daemon daemon) {
    return TestSandbox.host(
            "prlimit", "--pid=" + daemon.pid(), "--nofile", "--output=SOFT", "--noheadings")
        + ":";
  }

  private static void setLimit(Daemon daemon, String limit) {
    TestSandbox.host("prlimit", "--pid=" + daemon.pid(), "--nofile=" + limit);
  }

  /** By whoever makes blanks, for example. */
  private static void awaitNoneIsOpened(Daemon daemon) {
    AtomicReference<Set<Integer>> before = new AtomicReference<>(Set.of());
    await("the daemon has nothing to do")
        .pollInterval(Duration.ofMillis(100))
        .until(() -> before.getAndSet(files(daemon)).equals(before.get()));
  }

  private static TreeSet<Integer> files(Daemon daemon) throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/" + daemon.pid() + "/fd"))) {
      return all.map(fd -> Integer.valueOf(fd.getFileName().toString()))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  /** Below this number there are so many that are not in use. */
  private static int numberAfterFree(Daemon daemon, int free) throws IOException {
    TreeSet<Integer> used = files(daemon);
    int number = 0;
    for (int found = 0; found < free; number++) {
      found += used.contains(number) ? 0 : 1;
    }
    return number;
  }

  @Test
  void noProcessesCanBeMade() throws Exception {
    onlyAsRoot();
    Path group = pidsGroup();
    assumeTrue(group != null, "no hierarchy of this host limits pids here: skipped");
    // A blank would have its process already.
    try (Daemon daemon = Daemon.prepare().with("sandboxd.pool", "0").start()) {
      TestSandbox kept = TestSandbox.started(daemon, "name", "kept");
      TestSandbox doomed = TestSandbox.started(daemon, "name", "doomed");
      assertEquals(204, TestSandbox.create(daemon, "name", "more").delete().statusCode());
      int init = doomed.initPid();
      kept.exec(List.of("true"));
      Files.writeString(group.resolve("cgroup.procs"), Long.toString(daemon.pid()));
      String now = Files.readString(group.resolve("pids.current")).strip();
      Files.writeString(group.resolve("pids.max"), now);

      isRefused(TestSandbox.tryCreate(daemon, json("name", "more")));
      assertEquals(404, daemon.given().get("/v1/sandboxes/more").statusCode());
      TestSandbox.host("kill", "-9", "" + init);
      List<Integer> codes = Crowd.run(40, 20, number -> tryExec(daemon, kept, TRUE).statusCode());
      assertTrue(FIT.containsAll(codes), codes.toString());

      Files.writeString(group.resolve("pids.max"), "max");
      await("the news of its init's end").until(() -> doomed.state().equals("broken"));
      assertEquals("ok", kept.sh("echo ok"));
      assertEquals(204, TestSandbox.started(daemon, "name", "more").delete().statusCode());
      assertEquals(204, doomed.delete().statusCode());
      assertEquals(204, kept.delete().statusCode());
    } finally {
      await("the end of all in " + group)
          .ignoreExceptions()
          .until(() -> Files.deleteIfExists(group) || !Files.exists(group));
    }
  }

  /**
   * A group of the test's own that can limit how many processes are in it; null if there is none.
   */
  private static Path pidsGroup() throws IOException {
    for (Path hierarchy : HostCgroups.hierarchies()) {
      Path group = hierarchy.resolve("scarcity-it-" + ProcessHandle.current().pid());
      Files.createDirectory(group);
      if (Files.exists(group.resolve("pids.max"))) {
        return group;
      }
      Files.delete(group);
    }
    return null;
  }
}
