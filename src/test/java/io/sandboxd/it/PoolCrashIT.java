package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restassured.response.Response;
import io.sandboxd.lifecycle.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The daemon, or a blank's init, dies while blanks are made, and while one becomes a sandbox.
 * Afterwards that is whole or gone, its name can be had again, and nothing is left.
 */
class PoolCrashIT {
  private static Daemon daemon;
  private static Leaks leaks;
  private static Path fault;

  @BeforeAll
  static void start() throws IOException {
    assumeTrue(
        System.getProperty("user.name").equals("root"), "only root can make sandboxes: skipped");
    daemon = Daemon.prepare();
    fault = daemon.home().resolve("fault");
    daemon.with("sandboxd.fault", "file:" + fault).with("sandboxd.pool", "2").start();
    leaks = Leaks.since(daemon);
  }

  @AfterAll
  static void nothingIsLeft() throws IOException {
    if (daemon != null) {
      try (Daemon ours = daemon) {
        leaks.check();
        ours.stop();
        leaks.check();
      }
    }
  }

  private static Stream<String> steps(String pattern) {
    return Stream.of(Fault.values()).map(Fault::word).filter(word -> word.matches(pattern));
  }

  static Stream<String> stepsOfMaking() {
    return steps("blank[.].*");
  }

  static Stream<String> stepsOfMakingWithInit() {
    return steps("blank[.](entered|made|pooled)");
  }

  static Stream<String> stepsOfClaiming() {
    return steps("claim[.].*|create[.](reserved|layer|recorded|connected|furnished|done)");
  }

  static Stream<String> stepsOfClaimingWithInit() {
    return stepsOfClaiming().filter(step -> !step.equals("create.reserved"));
  }

  private static void arm(String who, String step) throws IOException {
    Files.writeString(fault, who + ":" + step);
  }

  private static Response create() {
    return TestSandbox.tryCreate(
        daemon, json("name", "victim", "process", json("args", TestSandbox.SLEEP)));
  }

  private static void createAndDie() {
    try {
      create();
    } catch (Exception e) {
      // It did not live to answer.
    }
  }

  private static void delete() {
    Response gone = daemon.given().delete("/v1/sandboxes/victim?force=true");
    assertTrue(Set.of(204, 404).contains(gone.statusCode()), gone.asString());
  }

  private static void haveBlank() {
    assertEquals(201, create().statusCode());
    delete();
    PoolIT.awaitAny(daemon);
  }

  private static void nothingIsAmiss() throws IOException {
    Files.deleteIfExists(fault);
    if (!daemon.isAlive()) {
      daemon.start();
    }
    delete();
    Response again = create();
    assertEquals(201, again.statusCode(), again.asString());
    TestSandbox sandbox = TestSandbox.named(daemon, "victim");
    sandbox.post("/start").then().statusCode(200);
    assertEquals("ok", sandbox.sh("echo ok"));
    delete();
    List<String> found = daemon.given().get("/v1/system/leaks").jsonPath().getList("leaks.path");
    assertEquals(List.of(), found);
    leaks.check();
  }

  @ParameterizedTest
  @MethodSource("stepsOfMaking")
  void theDaemonDiesWhileItMakesOne(String step) throws IOException {
    arm("daemon", step);
    createAndDie();
    await("the daemon's death at " + step).until(() -> !daemon.isAlive());
    nothingIsAmiss();
  }

  @ParameterizedTest
  @MethodSource("stepsOfClaiming")
  void theDaemonDiesWhileItClaimsOne(String step) throws IOException {
    haveBlank();
    arm("daemon", step);
    createAndDie();
    await("the daemon's death at " + step).until(() -> !daemon.isAlive());
    Files.delete(fault);
    daemon.start();
    assertEquals(Set.of(), PoolIT.blanks(daemon));
    Response found = daemon.given().get("/v1/sandboxes/victim");
    boolean whole = step.equals("create.done");
    assertEquals(whole ? 200 : 404, found.statusCode(), found.asString());
    nothingIsAmiss();
  }

  @ParameterizedTest
  @MethodSource("stepsOfMakingWithInit")
  void itsInitDiesWhileItIsMade(String step) throws IOException {
    arm("init", step);
    assertEquals(201, create().statusCode());
    nothingIsAmiss();
  }

  @ParameterizedTest
  @MethodSource("stepsOfClaimingWithInit")
  void itsInitDiesWhileItIsClaimed(String step) throws IOException {
    haveBlank();
    arm("init", step);
    Response answer = create();
    assertTrue(Set.of(201, 422).contains(answer.statusCode()), answer.asString());
    if (step.startsWith("claim.")) {
      assertEquals(201, answer.statusCode(), "all was made anew");
    }
    nothingIsAmiss();
  }
}
