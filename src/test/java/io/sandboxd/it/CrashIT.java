package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restassured.path.json.JsonPath;
import io.restassured.response.Response;
import io.sandboxd.lifecycle.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The daemon, or the init of a sandbox, dies at every step of every verb. Afterwards the sandbox is
 * whole or gone, its name can be had again, and nothing is left.
 */
class CrashIT {
  private static final String NAME = "victim";
  private static final Set<String> SETTLED =
      Set.of("created", "running", "paused", "stopped", "broken");

  private static Daemon daemon;
  private static Leaks leaks;

  /** What the daemon looks into at each step. */
  private static Path fault;

  @BeforeAll
  static void start() throws IOException {
    assumeTrue(
        System.getProperty("user.name").equals("root"), "only root can make sandboxes: skipped");
    daemon = Daemon.prepare();
    fault = daemon.home().resolve("fault");
    // Without blanks, so that each create goes all the way; with them: PoolIT.
    daemon.with("sandboxd.fault", "file:" + fault).with("sandboxd.pool", "0").start();
    leaks = Leaks.since(daemon);
  }

  @AfterAll
  static void nothingIsLeft() throws IOException {
    if (daemon != null) {
      try (Daemon ours = daemon) {
        ours.stop();
        leaks.check();
      }
    }
  }

  static Stream<String> stepsOfVerbs() {
    return Stream.of(Fault.values())
        .map(Fault::word)
        .filter(w -> !w.matches("(recover|blank|claim)[.].*"));
  }

  static Stream<String> stepsOfRecovery() {
    return Stream.of(Fault.values()).map(Fault::word).filter(w -> w.startsWith("recover."));
  }

  /** Those at which the daemon knows of an init. */
  static Stream<String> stepsWithInit() {
    return stepsOfVerbs()
        .filter(
            w ->
                !w.startsWith("create.")
                    || Set.of(
                            "create.recorded",
                            "create.connected",
                            "create.furnished",
                            "create.done")
                        .contains(w));
  }

  /** Null for none. */
  private static void arm(String who, String step) throws IOException {
    if (step == null) {
      Files.deleteIfExists(fault);
    } else {
      Files.writeString(fault, who + ":" + step);
    }
  }

  @ParameterizedTest
  @MethodSource("stepsOfVerbs")
  void theDaemonDies(String step) throws IOException {
    arm("daemon", step);
    walk();
    await("the daemon's death at " + step).until(() -> !daemon.isAlive());
    arm(null, null);
    daemon.start();
    everythingIsWholeOrGone();
  }

  /** What is found half done at the start is put right by the next start, too. */
  @ParameterizedTest
  @MethodSource("stepsOfRecovery")
  void theDaemonDiesWhileItRecovers(String step) throws IOException {
    TestSandbox survivor = TestSandbox.started(daemon, "name", NAME);
    survivor.spawn("job", TestSandbox.SLEEP);
    long init = survivor.initPid();
    daemon.kill();
    arm("daemon", step);
    assertEquals(137, daemon.runToEnd());
    arm(null, null);
    daemon.start();
    assertEquals(init, survivor.initPid());
    assertEquals("running", survivor.get("/processes/job").jsonPath().getString("state"));
    everythingIsWholeOrGone();
  }

  @ParameterizedTest
  @MethodSource("stepsWithInit")
  void initDies(String step) throws IOException {
    arm("init", step);
    walk();
    arm(null, null);
    assertTrue(daemon.isAlive());
    await("a settled state").until(() -> states().values().stream().allMatch(SETTLED::contains));
    everythingIsWholeOrGone();
  }

  /** Every verb once. Each may fail, as long as the failure is one that the API knows. */
  private static void walk() {
    Map<String, Object> spec =
        json(
            "name",
            NAME,
            "root",
            json("path", "/", "overlay", true),
            "process",
            json("args", TestSandbox.SLEEP));
    String path = "/v1/sandboxes/" + NAME;
    attempt(() -> daemon.given().body(spec).post("/v1/sandboxes"));
    attempt(() -> daemon.given().post(path + "/start"));
    Map<String, Object> exec =
        json("id", "job", "args", TestSandbox.SLEEP, "tty", true, "consoleSize", size());
    attempt(() -> daemon.given().body(exec).post(path + "/exec"));
    attempt(() -> daemon.given().body(Map.of("process", "job")).post(path + "/kill"));
    attempt(() -> daemon.given().post(path + "/pause"));
    attempt(() -> daemon.given().post(path + "/resume"));
    attempt(() -> daemon.given().delete(path + "?force=true"));
  }

  private static Map<String, Object> size() {
    return json("height", 24, "width", 80);
  }

  private interface Call {
    Response make() throws Exception;
  }

  private static void attempt(Call call) {
    if (!daemon.isAlive()) {
      return;
    }
    try {
      Response answer = call.make();
      int status = answer.statusCode();
      assertTrue(status < 500 || status == 503, status + ": " + answer.asString());
    } catch (Exception e) {
      await("the daemon's death that broke a call").until(() -> !daemon.isAlive());
    }
  }

  private static Map<String, String> states() {
    JsonPath list = daemon.given().get("/v1/sandboxes").jsonPath();
    List<String> names = list.getList("sandboxes.name");
    List<String> states = list.getList("sandboxes.state");
    Map<String, String> byName = new java.util.TreeMap<>();
    for (int i = 0; i < names.size(); i++) {
      byName.put(names.get(i), states.get(i));
    }
    return byName;
  }

  private static void everythingIsWholeOrGone() {
    states()
        .forEach(
            (name, state) -> {
              assertEquals(NAME, name);
              assertTrue(SETTLED.contains(state), state);
              if (!state.equals("broken")) {
                Map<String, Object> exec = json("args", List.of("echo", "ok"), "wait", true);
                Response answer = daemon.given().body(exec).post("/v1/sandboxes/" + name + "/exec");
                assertEquals("ok\n", answer.jsonPath().getString("stdout"), answer.asString());
              }
              assertEquals(
                  204, daemon.given().delete("/v1/sandboxes/" + name + "?force=true").statusCode());
            });
    TestSandbox again = TestSandbox.started(daemon, "name", NAME);
    assertEquals(204, again.delete().statusCode());
  }
}
