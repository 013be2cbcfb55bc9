package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.restassured.response.Response;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A request that comes again under its key does nothing more, and gets the first answer. */
@ExtendWith(LeakCheck.class)
class IdempotencyIT {
  private static final String KEY = "Idempotency-Key";

  private static Response exec(Daemon daemon, TestSandbox sandbox, String key, Object body) {
    return daemon.given().header(KEY, key).body(body).post(sandbox.path() + "/exec");
  }

  private static Response feed(Daemon daemon, TestSandbox sandbox, String key, String body) {
    return daemon
        .given()
        .header(KEY, key)
        .contentType("application/octet-stream")
        .body(body.getBytes(StandardCharsets.UTF_8))
        .post(sandbox.path() + "/processes/cat/input");
  }

  private static final Map<String, Object> COUNT =
      json("args", List.of("sh", "-c", "echo x >> /tmp/runs; wc -l < /tmp/runs"), "wait", true);

  @Test
  void anExecThatWaits(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    String first = exec(daemon, sandbox, "one", COUNT).asString();
    assertEquals(first, exec(daemon, sandbox, "one", COUNT).asString());
    assertEquals("1", sandbox.sh("wc -l < /tmp/runs"));
    assertEquals("2\n", exec(daemon, sandbox, "two", COUNT).jsonPath().getString("stdout"));
  }

  @Test
  void anExecThatDoesNotWait(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    Map<String, Object> job = json("args", List.of("true"));
    Response first = exec(daemon, sandbox, "job", job);
    String id = first.then().statusCode(201).extract().jsonPath().getString("id");
    sandbox.awaitProcess(id);
    Response again = exec(daemon, sandbox, "job", job);
    assertEquals(201, again.statusCode());
    assertEquals(first.header("Location"), again.header("Location"));
    assertEquals("running", again.jsonPath().getString("state"), "as it was");
    assertEquals(first.asString(), again.asString());
  }

  @Test
  void aKeyIsForOneRequest(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    exec(daemon, sandbox, "mine", COUNT).then().statusCode(200);
    exec(daemon, sandbox, "mine", json("args", List.of("true"), "wait", true))
        .then()
        .statusCode(409)
        .body("code", equalTo("key_reused"))
        .body("field", equalTo(KEY));
    exec(daemon, sandbox, "k".repeat(256), COUNT)
        .then()
        .statusCode(400)
        .body("field", equalTo(KEY));
  }

  @Test
  void whatFailedMayBeTriedAgain(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    Map<String, Object> later = json("args", List.of("/tmp/later"), "wait", true);
    exec(daemon, sandbox, "later", later).then().statusCode(422);
    sandbox.sh("printf '#!/bin/sh\\necho now' > /tmp/later; chmod +x /tmp/later");
    exec(daemon, sandbox, "later", later).then().statusCode(200).body("stdout", equalTo("now\n"));
  }

  @Test
  void manyAtOnceAreOne(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    ExecutorService clients = Executors.newFixedThreadPool(8);
    try {
      List<Future<String>> answers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        answers.add(clients.submit(() -> exec(daemon, sandbox, "crowd", COUNT).asString()));
      }
      Set<String> different = new HashSet<>();
      for (Future<String> answer : answers) {
        different.add(answer.get());
      }
      assertEquals(1, different.size(), different.toString());
    } finally {
      clients.shutdown();
    }
    assertEquals("1", sandbox.sh("wc -l < /tmp/runs"));
  }

  @Test
  void theNextDaemonKnowsTheKeys(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("cat", List.of("cat"), "stdin", "pipe");
    String first = exec(daemon, sandbox, "lasting", COUNT).asString();
    feed(daemon, sandbox, "fed", "abc").then().statusCode(204);
    daemon.kill();
    daemon.start();
    assertEquals(first, exec(daemon, sandbox, "lasting", COUNT).asString());
    feed(daemon, sandbox, "fed", "abc")
        .then()
        .statusCode(204)
        .header("Sandboxd-Offset", equalTo("3"));
    feed(daemon, sandbox, "more", "def").then().statusCode(204);
    feed(daemon, sandbox, "fed", "abd").then().statusCode(409).body("code", equalTo("key_reused"));
    feed(daemon, sandbox, "fed", "abcd").then().statusCode(409).body("code", equalTo("key_reused"));
    sandbox.post("/processes/cat/input?close=true").then().statusCode(204);
    assertEquals(0, sandbox.awaitProcess("cat").getInt("exit.code"));
    assertEquals("abcdef", sandbox.get("/processes/cat/output").asString());
  }
}
