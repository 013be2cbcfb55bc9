package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.path.json.JsonPath;
import io.restassured.response.Response;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a daemon finds in its state directory may be damaged or forged. One sandbox is broken by it
 * and says why; all others, and all of the host, are as before.
 */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class HostileStateIT {
  private static final String FILE = "sandbox.json";
  private static final String MAIN = "processes/1.json";

  /** Does it to the directory of a sandbox. */
  private interface Damage {
    void to(Path sandbox) throws IOException;
  }

  /**
   * @param told what the sandbox says of it
   */
  private record Case(Damage damage, String told) {}

  private static Map<String, Case> cases(Path victims) {
    Map<String, Case> cases = new LinkedHashMap<>();
    cases.put("truncated", new Case(edit(FILE, text -> text.substring(0, 100)), "cannot be read"));
    cases.put("empty", new Case(edit(FILE, text -> ""), "has no version"));
    cases.put("no-json", new Case(edit(FILE, text -> "\0\1\2"), "cannot be read"));
    cases.put("deep", new Case(edit(FILE, text -> "[".repeat(200_000)), "levels deep"));
    cases.put("huge", new Case(HostileStateIT::makeHuge, "longer than"));
    cases.put("fifo", new Case(dir -> fifo(dir.resolve(FILE)), "no regular file"));
    cases.put("link", new Case(dir -> link(dir.resolve(FILE), victims), "no regular file"));
    cases.put("gone", new Case(dir -> Files.delete(dir.resolve(FILE)), FILE));
    cases.put("directory", new Case(HostileStateIT::makeDirectory, "no regular file"));
    cases.put("newer", new Case(replace("\"version\" : 1", "\"version\" : 99"), "newer sandboxd"));
    cases.put(
        "field",
        new Case(replace("\"version\" : 1", "\"version\" : 1, \"x\" : 2"), "not a known field"));
    cases.put("elsewhere", new Case(replaceAll("\"id\" : \"\\w+\"", "\"id\" : \"../..\""), "id"));
    cases.put("misnamed", new Case(replace("\"misnamed\"", "\"../misnamed\""), "name"));
    cases.put("namesake", new Case(replace("\"namesake\"", "\"good\""), "'good'"));
    cases.put("stateless", new Case(replaceAll("\"state\" : \"\\w+\",", ""), "state"));
    cases.put("process", new Case(edit(MAIN, text -> text.substring(0, 50)), "process 1"));
    cases.put("number", new Case(editProcess("\"seq\" : 1", "\"seq\" : 7"), "another number"));
    cases.put("pipe", new Case(dir -> fifo(dir.resolve(MAIN)), "no regular file"));
    cases.put("processes", new Case(dir -> link(dir.resolve("processes"), victims), "directory"));
    cases.put("output", new Case(dir -> link(dir.resolve("output"), victims), "no directory"));
    return cases;
  }

  private interface Edit {
    String of(String text);
  }

  private static Damage edit(String file, Edit edit) {
    return dir ->
        Files.writeString(dir.resolve(file), edit.of(Files.readString(dir.resolve(file))));
  }

  private static Damage replace(String what, String by) {
    return edit(FILE, text -> text.replace(what, by));
  }

  private static Damage replaceAll(String pattern, String by) {
    return edit(FILE, text -> text.replaceFirst(pattern, by));
  }

  private static Damage editProcess(String what, String by) {
    return edit(MAIN, text -> text.replace(what, by));
  }

  private static void makeHuge(Path sandbox) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(sandbox.resolve(FILE).toFile(), "rw")) {
      file.setLength(1L << 34);
    }
  }

  private static void makeDirectory(Path sandbox) throws IOException {
    Files.delete(sandbox.resolve(FILE));
    Files.createDirectory(sandbox.resolve(FILE));
  }

  private static void fifo(Path path) throws IOException {
    Directories.delete(path);
    TestSandbox.host("mkfifo", path.toString());
  }

  private static void link(Path path, Path target) throws IOException {
    Directories.delete(path);
    Files.createSymbolicLink(path, target);
  }

  private static Path directory(Daemon daemon, String id) {
    return daemon.stateDirectory().resolve("sandboxes").resolve(id);
  }

  /** Somebody else's files, of names that the daemon's own have. */
  private static Path victims(Daemon daemon) throws IOException {
    Path victims = Files.createDirectories(daemon.home().resolve("victims"));
    Files.createDirectories(victims.resolve("processes/1"));
    for (String file : List.of("1.stdout", "sandbox.json.new", "processes/1/mine", "1")) {
      if (!Files.exists(victims.resolve(file))) {
        Files.writeString(victims.resolve(file), "mine");
      }
    }
    return victims;
  }

  @Test
  void whatIsDamagedIsBrokenAndNothingElse(Daemon daemon) throws IOException {
    Path victims = victims(daemon);
    List<Path> before = Directories.content(victims);
    TestSandbox good = TestSandbox.started(daemon, "name", "good");
    Map<String, Case> cases = cases(victims);
    Map<String, String> ids = new LinkedHashMap<>();
    Map<String, Integer> inits = new LinkedHashMap<>();
    for (String name : cases.keySet()) {
      TestSandbox sandbox = TestSandbox.started(daemon, "name", name);
      ids.put(name, sandbox.id());
      inits.put(name, sandbox.initPid());
    }
    Path fresh = directory(daemon, good.id()).resolve(FILE + ".new");
    daemon.kill();
    for (Map.Entry<String, Case> each : cases.entrySet()) {
      each.getValue().damage().to(directory(daemon, ids.get(each.getKey())));
    }
    Path sandboxes = daemon.stateDirectory().resolve("sandboxes");
    Files.createSymbolicLink(sandboxes.resolve("ffffffffffffff01"), victims);
    Files.writeString(sandboxes.resolve("ffffffffffffff02"), "a file");
    List<Path> nobodys = List.of(sandboxes.resolve("no id"), sandboxes.resolve("notes"));
    for (Path each : nobodys) {
      Files.createDirectory(each);
      Files.writeString(each.resolve("mine"), "mine");
    }
    Files.createSymbolicLink(fresh, victims.resolve("1"));
    fifo(daemon.stateDirectory().resolve("events/current"));

    daemon.start();

    assertEquals("ok", good.sh("echo ok"));
    assertEquals("running", good.state());
    good.patch(json("labels", json("a", "b"))).then().statusCode(200);
    for (Map.Entry<String, Case> each : cases.entrySet()) {
      String id = ids.get(each.getKey());
      isBroken(daemon, id, each.getKey(), each.getValue().told());
      assertFalse(Leaks.hasEnded(inits.get(each.getKey())), "it was not harmed");
      delete(daemon, id);
      await("the end of what ran in " + each.getKey())
          .until(() -> Leaks.hasEnded(inits.get(each.getKey())));
    }
    for (String id : List.of("ffffffffffffff01", "ffffffffffffff02")) {
      isBroken(daemon, id, id, "no directory");
      delete(daemon, id);
    }
    assertEquals(before, Directories.content(victims), "none of it was ours to touch");
    assertEquals("mine", Files.readString(victims.resolve("1")));
    assertEquals(204, TestSandbox.started(daemon, "name", "fifo").delete().statusCode());
    for (Path each : nobodys) {
      assertEquals("mine", Files.readString(each.resolve("mine")));
      Directories.delete(each);
    }
  }

  /**
   * What answers at a sandbox's socket may be another's init, and is not believed to be its own.
   */
  @Test
  void exchangedSocketsAreNoticed(Daemon daemon) throws IOException {
    TestSandbox one = TestSandbox.started(daemon, "name", "one");
    TestSandbox other = TestSandbox.started(daemon, "name", "other");
    TestSandbox third = TestSandbox.started(daemon, "name", "third");
    int pid = one.initPid();
    Path socket = directory(daemon, one.id()).resolve("init.sock");
    Path anothers = directory(daemon, other.id()).resolve("init.sock");
    Path aside = daemon.home().resolve("socket");
    daemon.kill();
    Files.move(socket, aside);
    Files.createSymbolicLink(socket, anothers);
    daemon.start();
    await().untilAsserted(() -> assertEquals("broken", one.state()));
    assertTrue(one.get("").jsonPath().getString("error").contains("answers in place of " + pid));
    assertEquals(409, one.post("/exec", json("args", List.of("true"))).statusCode());
    await().untilAsserted(() -> assertEquals("ok", other.sh("echo ok")));
    assertEquals("ok", third.sh("echo ok"));
    daemon.kill();
    Files.delete(socket);
    Files.move(aside, socket);
    daemon.start();
    assertEquals("ok", one.sh("echo ok"), "nothing was lost by that");
  }

  /** What is mounted over something of a sandbox is not the sandbox's. */
  @ParameterizedTest
  @ValueSource(strings = {"", "output", "processes", "output/below", "output/1.stdout", FILE})
  void whatIsMountedThereIsKept(String where, Daemon daemon) throws IOException {
    Path victims = Files.createDirectories(daemon.home().resolve("covering"));
    for (String file : List.of("1.stdout", "mine", "output/1.stdout", "processes/mine")) {
      Files.createDirectories(victims.resolve(file).getParent());
      Files.writeString(victims.resolve(file), "mine");
    }
    List<Path> before = Directories.content(victims);
    TestSandbox sandbox = TestSandbox.started(daemon, "name", "covered");
    Path covered = directory(daemon, sandbox.id()).resolve(where);
    if (where.endsWith("below")) {
      Files.createDirectory(covered);
    }
    Path victim = Files.isDirectory(covered) ? victims : victims.resolve("1.stdout");
    TestSandbox.host("mount", "--bind", victim.toString(), covered.toString());
    try {
      assertEquals("busy", sandbox.delete().jsonPath().getString("code"), "it is told");
      List<Path> after = Directories.content(victims);
      assertTrue(after.containsAll(before), after.toString()); // and perhaps what the daemon writes
      assertEquals("mine", Files.readString(victims.resolve("1.stdout")));
    } finally {
      TestSandbox.host("umount", covered.toString());
    }
    delete(daemon, sandbox.id());
  }

  /** It says why, and whatever is asked of it is refused in a way that the API knows. */
  private static void isBroken(Daemon daemon, String id, String name, String why) {
    JsonPath status = daemon.given().get("/v1/sandboxes/" + id).jsonPath();
    assertEquals("broken", status.getString("state"), name);
    String error = status.getString("error");
    assertTrue(error.contains(why), name + ": " + error);
    String path = "/v1/sandboxes/" + id;
    List<Response> answers = new ArrayList<>();
    for (String below :
        List.of("/namespaces", "/stats", "/processes", "/processes/main/output", "/wait")) {
      answers.add(daemon.given().get(path + below));
    }
    for (String verb : List.of("/start", "/pause", "/resume")) {
      answers.add(daemon.given().post(path + verb));
    }
    answers.add(daemon.given().body(json("args", List.of("true"))).post(path + "/exec"));
    answers.add(daemon.given().body(json("all", true)).post(path + "/kill"));
    answers.add(daemon.given().body(json("labels", json())).patch(path));
    answers.forEach(a -> assertTrue(a.statusCode() < 500, name + ": " + a.asString()));
  }

  private static void delete(Daemon daemon, String id) {
    Response answer = daemon.given().delete("/v1/sandboxes/" + id);
    assertEquals(204, answer.statusCode(), answer.asString());
    assertEquals(404, daemon.given().get("/v1/sandboxes/" + id).statusCode());
    assertFalse(Files.exists(directory(daemon, id), java.nio.file.LinkOption.NOFOLLOW_LINKS));
  }

  /** What a newer daemon wrote is still there for it when it comes back. */
  @Test
  void whatCannotBeReadIsKept(Daemon daemon) throws IOException {
    TestSandbox sandbox = TestSandbox.started(daemon, "name", "patient");
    sandbox.spawn("job", List.of("sh", "-c", "sleep 0.2; exit 3"));
    String id = sandbox.id();
    Path main = directory(daemon, id).resolve(FILE);
    Path job = directory(daemon, id).resolve("processes/2.json");
    int init = sandbox.initPid();
    for (Path file : List.of(main, job)) {
      daemon.kill();
      String text = Files.readString(file);
      Files.writeString(file, text.replace("\"version\" : 1", "\"version\" : 2"));
      daemon.start();
      assertEquals("broken", stateOf(daemon, id));
      daemon.kill();
      Files.writeString(file, text);
      daemon.start();
      assertEquals("running", sandbox.state());
    }
    assertEquals(init, sandbox.initPid());
    assertEquals(3, sandbox.awaitProcess("job").getInt("exit.code"));
    assertEquals("ok", sandbox.sh("echo ok"));
  }

  private static String stateOf(Daemon daemon, String id) {
    return daemon.given().get("/v1/sandboxes/" + id).jsonPath().getString("state");
  }

  /** A number in a file is no proof. The process it is now may be anyone's. */
  @Test
  void aStrangerIsNeverHarmed(Daemon daemon) throws Exception {
    Process stranger = new ProcessBuilder("sleep", "1000").start();
    try {
      String pid = Long.toString(stranger.pid());
      String began =
          Files.readString(Path.of("/proc/" + pid + "/stat"))
              .replaceFirst(".*\\) ", "")
              .split(" ")[19];
      List<TestSandbox> forged = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        TestSandbox sandbox = TestSandbox.started(daemon, "name", "forged" + i);
        sandbox.spawn("job", TestSandbox.SLEEP, "timeout", "1h");
        forged.add(sandbox);
      }
      List<String> ids = forged.stream().map(TestSandbox::id).toList();
      List<Integer> inits = forged.stream().map(TestSandbox::initPid).toList();
      daemon.kill();
      Damage pidOnly = replaceAll("\"pid\" : \\d+", "\"pid\" : " + pid);
      pidOnly.to(directory(daemon, ids.get(0)));
      pidOnly.to(directory(daemon, ids.get(1)));
      replaceAll("\"initStartTicks\" : \\d+", "\"initStartTicks\" : " + began)
          .to(directory(daemon, ids.get(1)));
      String job = "processes/2.json";
      edit(job, text -> text.replaceFirst("\"pid\" : \\d+", "\"pid\" : " + pid))
          .to(directory(daemon, ids.get(2)));
      edit(job, text -> text.replaceFirst("\"deadline\" : \"\\d+", "\"deadline\" : \"2001"))
          .to(directory(daemon, ids.get(2)));
      daemon.start();
      for (int i = 0; i < 2; i++) {
        isBroken(daemon, ids.get(i), "forged" + i, "init is gone");
        int init = inits.get(i);
        await("what it was of").until(() -> Leaks.hasEnded(init));
      }
      assertEquals(
          "timeout",
          forged.get(2).awaitProcess("job").getString("exit.reason"),
          "what was meant is found by its init");
      forged.get(2).post("/kill", json("signal", "KILL", "all", true)).then().statusCode(204);
      for (TestSandbox each : forged) {
        assertEquals(204, each.delete().statusCode());
      }
      assertTrue(stranger.isAlive(), "it has nothing to do with any of this");
    } finally {
      stranger.destroyForcibly().waitFor();
    }
  }

  /** What is kept beside the two main files is of no more harm. */
  @Test
  void recordsOfInputMayBeAnything(Daemon daemon) throws IOException {
    TestSandbox sandbox = TestSandbox.started(daemon);
    for (String name : List.of("fifo", "short", "link")) {
      sandbox.spawn(name, List.of("cat"), "stdin", "pipe");
      sandbox.input(name, "", "abc").then().statusCode(204);
    }
    Path processes = directory(daemon, sandbox.id()).resolve("processes");
    Path victim = Files.writeString(daemon.home().resolve("victim"), "precious");
    daemon.kill();
    fifo(processes.resolve("2.stdin"));
    Files.writeString(processes.resolve("3.stdin"), "1");
    link(processes.resolve("4.stdin"), victim);
    daemon.start();
    for (String name : List.of("fifo", "short", "link")) {
      sandbox.input(name, "?close=true", "def").then().statusCode(204);
      assertEquals(0, sandbox.awaitProcess(name).getInt("exit.code"));
      assertEquals("abcdef", sandbox.output(name));
    }
    assertEquals("precious", Files.readString(victim));
  }
}
