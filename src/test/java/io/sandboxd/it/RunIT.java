package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.nullValue;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.restassured.response.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A sandbox that is there for one request. */
@ExtendWith(LeakCheck.class)
@Timeout(120)
class RunIT {
  private static final String RUN = "/v1/run";

  private static Map<String, Object> sh(String script, Object... more) {
    Map<String, Object> spec = json(more);
    spec.put("process", json("args", List.of("sh", "-c", script)));
    return spec;
  }

  private static Response run(Daemon daemon, Map<String, ?> spec) {
    return daemon.given().body(spec).post(RUN);
  }

  /** One whose answer is not waited for. */
  private static Exchange begin(Daemon daemon, Map<String, ?> spec) throws IOException {
    byte[] body = new ObjectMapper().writeValueAsBytes(spec);
    return Exchange.open(
            daemon.socket(),
            "POST",
            RUN,
            "Content-Type: application/json",
            "Content-Length: " + body.length)
        .write(body);
  }

  private static List<Map<String, Object>> all(Daemon daemon) {
    return daemon.given().get("/v1/sandboxes").jsonPath().getList("sandboxes");
  }

  private static void awaitNothing(Daemon daemon) {
    await("that nothing is left")
        .pollInterval(Duration.ofMillis(20))
        .until(
            () ->
                all(daemon).isEmpty()
                    && Directories.content(daemon.stateDirectory().resolve("sandboxes")).isEmpty());
  }

  @AfterEach
  void nothingIsLeft(Daemon daemon) {
    awaitNothing(daemon);
  }

  @Test
  void tellsWhatItWroteAndHowItEnded(Daemon daemon) {
    run(daemon, sh("hostname; echo oh >&2; exit 7", "hostname", "inside"))
        .then()
        .statusCode(200)
        .body("id", equalTo("main"))
        .body("state", equalTo("exited"))
        .body("stdout", equalTo("inside\n"))
        .body("stderr", equalTo("oh\n"))
        .body("exit.code", equalTo(7))
        .body("exit.reason", equalTo("exited"));
  }

  @Test
  void tellsNoMoreThanIsWanted(Daemon daemon) {
    daemon
        .given()
        .body(sh("echo hello; echo oh >&2"))
        .post(RUN + "?maxOutput=3")
        .then()
        .statusCode(200)
        .body("stdout", equalTo("hel"))
        .body("stdoutTruncated", equalTo(true))
        .body("stderr", equalTo("oh\n"))
        .body("stderrTruncated", equalTo(false));
  }

  @Test
  void eachIsToldOfItsOwn(Daemon daemon) {
    List<String> outputs =
        Crowd.run(
            200,
            16,
            number ->
                run(daemon, sh("echo " + number + " $(ls /proc | grep -c '^[0-9]')"))
                    .then()
                    .statusCode(200)
                    .extract()
                    .path("stdout"));
    for (int i = 0; i < outputs.size(); i++) {
      assertTrue(outputs.get(i).matches(i + " [45]\n"), outputs.get(i));
    }
  }

  @Test
  void aNameIsFreeWhenTheAnswerIsThere(Daemon daemon) {
    for (int i = 0; i < 20; i++) {
      run(daemon, sh("true", "name", "again")).then().statusCode(200);
    }
    daemon.given().get("/v1/sandboxes/again").then().statusCode(404);
  }

  @Test
  void whatItLeavesBehindEndsWithIt(Daemon daemon) {
    run(daemon, sh("sleep 1000 & echo $!")).then().statusCode(200).body("exit.code", equalTo(0));
  }

  @Test
  void canBeUsedAndGoesWhenItsClientGoes(Daemon daemon) throws IOException {
    Exchange client = begin(daemon, sh("sleep 1000", "name", "left"));
    TestSandbox sandbox = awaitRunning(daemon, "left");
    assertEquals("ok", sandbox.sh("echo ok"));
    sandbox.get("").then().body("ephemeral", equalTo(true));
    client.close();
    awaitNothing(daemon);
    TestSandbox other = TestSandbox.create(daemon, "name", "left");
    other.get("").then().body("ephemeral", nullValue());
    other.delete();
  }

  /** The daemon hears of it though it has heard all that the client had to say before. */
  @Test
  void goesWhenItsClientHasClosedOneSideFirst(Daemon daemon) throws IOException {
    Exchange client = begin(daemon, sh("sleep 1000", "name", "half")).shutdownOutput();
    awaitRunning(daemon, "half");
    client.close();
    awaitNothing(daemon);
    Exchange patient = begin(daemon, sh("sleep 0.5; echo ok")).shutdownOutput();
    assertTrue(patient.readText().contains("ok"));
    patient.close();
  }

  /** While its answer, which is a long one, is being made, or waits for the name to be free. */
  @Test
  void nobodyElseIsHeldUpByWhoLeaves(Daemon daemon) throws Exception {
    for (int i = 0; i < 60; i++) {
      Map<String, Object> spec = sh("head -c 900000 /dev/zero");
      if (i % 2 == 1) {
        spec.put("name", "left" + i);
      }
      Exchange client = begin(daemon, spec);
      Thread.sleep(i); // somewhere in between, each time somewhere else
      client.close();
    }
    daemon.given().get("/q/health/ready").then().statusCode(200);
    await("room for what others are answered")
        .until(() -> run(daemon, sh("head -c 900000 /dev/zero")).statusCode() == 200);
  }

  /** Its client may share files with it. */
  @Test
  void nothingOfItRunsAnyMoreWhenItIsAnswered(Daemon daemon) throws IOException {
    Path shared = Files.createDirectory(daemon.home().resolve("shared"));
    Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwxrwx"));
    Map<String, Object> mount =
        json("type", "bind", "source", shared.toString(), "destination", "/mnt");
    for (int i = 0; i < 10; i++) {
      String script = "(while :; do echo >> /mnt/file; done) & exit 0";
      run(daemon, sh(script, "mounts", List.of(mount))).then().statusCode(200);
      long size = Files.size(shared.resolve("file"));
      daemon.given().get("/q/health/ready").then().statusCode(200);
      assertEquals(size, Files.size(shared.resolve("file")));
    }
  }

  private static TestSandbox awaitRunning(Daemon daemon, String name) {
    TestSandbox sandbox = TestSandbox.named(daemon, name);
    await().until(() -> "running".equals(sandbox.get("").path("state")));
    return sandbox;
  }

  @Test
  void itsTimeCanBeUp(Daemon daemon) {
    Map<String, Object> process =
        json("args", List.of("sh", "-c", "echo begun; sleep 1000"), "timeout", "2s");
    run(daemon, json("process", process))
        .then()
        .statusCode(200)
        .body("exit.reason", equalTo("timeout"))
        .body("stdout", equalTo("begun\n"));
  }

  @Test
  void isNotStartedAgainAndStaysNoLonger(Daemon daemon) throws IOException {
    Exchange client = begin(daemon, sh("sleep 1000", "name", "once"));
    TestSandbox sandbox = awaitRunning(daemon, "once");
    sandbox.post("/start").then().statusCode(409).body("code", equalTo("wrong_state"));
    sandbox.patch(json("ttl", "1h")).then().statusCode(400).body("field", equalTo("ttl"));
    sandbox.post("/kill", json("signal", "KILL")).then().statusCode(204);
    assertEquals(200, client.status());
    sandbox.get("").then().statusCode(404);
    client.close();
  }

  @Test
  void whatCannotBeRunIsRefusedAndGone(Daemon daemon) {
    refused(daemon, json(), RUN, 400, "process");
    Map<String, Object> stream = json("process", json("args", List.of("a"), "output", "stream"));
    refused(daemon, stream, RUN, 400, "process.output");
    refused(daemon, sh("true", "ttl", "1h"), RUN, 400, "ttl");
    refused(daemon, sh("true"), RUN + "?maxOutput=17Mi", 400, "maxOutput");
    refused(daemon, sh("true"), RUN + "?maxOutput=many", 400, "maxOutput");
    refused(daemon, sh("true"), RUN + "?start=true", 400, "start");
    refused(daemon, sh("true", "root", json("path", "/nowhere")), RUN, 400, "root.path");
    daemon
        .given()
        .header("Idempotency-Key", "once")
        .body(sh("true"))
        .post(RUN)
        .then()
        .statusCode(400)
        .body("field", equalTo("Idempotency-Key"));
    run(daemon, json("process", json("args", List.of("/nowhere"))))
        .then()
        .statusCode(422)
        .body("step", equalTo("execve"))
        .body("exitCode", equalTo(127));
    run(daemon, sh("true", "sysctls", Collections.singletonMap("kernel.shmmax", "nonsense")))
        .then()
        .statusCode(422)
        .body("code", equalTo("launch_failed"));
  }

  private static void refused(
      Daemon daemon, Map<String, ?> spec, String path, int status, String field) {
    Response answer = daemon.given().body(spec).post(path);
    answer.then().statusCode(status);
    assertEquals(field, answer.path("field"), answer.asString());
  }

  /** Nobody can be answered any more. */
  @Test
  void goesWithTheDaemon(Daemon daemon) throws IOException {
    Exchange client = begin(daemon, sh("sleep 1000", "name", "cut"));
    awaitRunning(daemon, "cut");
    try {
      daemon.stop();
      assertEquals(List.of(), Directories.content(daemon.stateDirectory().resolve("sandboxes")));
    } finally {
      client.close();
      daemon.start();
    }
  }

  /** What a client is taking is nowhere else. */
  @Test
  void anAnswerIsTakenWholeThoughTheDaemonEnds(Daemon daemon) throws Exception {
    try (Exchange client = begin(daemon, sh("head -c 2000000 /dev/zero"))) {
      assertEquals(200, client.status());
      CompletableFuture<Integer> end = CompletableFuture.supplyAsync(daemon::stop);
      byte[] piece = new byte[1 << 16];
      long read = 0;
      for (int count; (count = client.read(piece)) >= 0; read += count) {
        Thread.sleep(50); // a client that is slow
      }
      assertEquals(Long.parseLong(client.header("Content-Length")), read);
      end.join();
    } finally {
      daemon.start();
    }
  }

  /** The next one puts it away, and tells so. */
  @Test
  void outlivesNoCrash(Daemon daemon) throws IOException {
    Exchange client = begin(daemon, sh("sleep 1000", "name", "crashed"));
    awaitRunning(daemon, "crashed");
    daemon.kill();
    client.close();
    daemon.start();
    assertEquals(List.of(), all(daemon));
    try (EventTail events = EventTail.open(daemon, "?since=0&sandbox=crashed")) {
      events.await("sandbox.deleted");
    }
  }
}
