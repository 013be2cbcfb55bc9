package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.restassured.response.Response;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The header Idempotency-Key: what is asked for twice is done once. */
@ExtendWith(LeakCheck.class)
@Timeout(120)
class RepeatedRequestsIT {
  private static final Map<String, Object> COUNT =
      json("args", List.of("sh", "-c", "echo run >> /tmp/runs; wc -l < /tmp/runs"), "wait", true);

  private static Response exec(Daemon daemon, TestSandbox sandbox, String key, Object body) {
    return daemon
        .given()
        .header("Idempotency-Key", key)
        .body(body)
        .post("/v1/sandboxes/" + sandbox.id() + "/exec");
  }

  @Test
  void oneKeyIsOneProcessAndOneAnswer(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    String first = exec(daemon, sandbox, "k1", COUNT).then().statusCode(200).extract().asString();
    assertEquals(first, exec(daemon, sandbox, "k1", COUNT).asString());
    assertEquals("1", sandbox.sh("wc -l < /tmp/runs"));
    exec(daemon, sandbox, "k2", COUNT).then().statusCode(200).body("stdout", equalTo("2\n"));
    Map<String, Object> background = json("args", List.of("sh", "-c", "echo run >> /tmp/runs"));
    Response started = exec(daemon, sandbox, "k3", background);
    started.then().statusCode(201);
    sandbox.awaitProcess(started.jsonPath().getString("id"));
    Response again = exec(daemon, sandbox, "k3", background);
    again.then().statusCode(201).header("Location", equalTo(started.header("Location")));
    assertEquals(started.asString(), again.asString());
    assertEquals("3", sandbox.sh("wc -l < /tmp/runs"));
  }

  @Test
  void aKeyIsForOneRequestOfOneSandbox(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    exec(daemon, sandbox, "key", COUNT).then().statusCode(200);
    exec(daemon, sandbox, "key", json("args", List.of("true"), "wait", true))
        .then()
        .statusCode(409)
        .body("code", equalTo("key_reused"));
    TestSandbox other = TestSandbox.started(daemon);
    exec(daemon, other, "key", json("args", List.of("echo", "other"), "wait", true))
        .then()
        .statusCode(200)
        .body("stdout", equalTo("other\n"));
    exec(daemon, sandbox, "x".repeat(256), COUNT).then().statusCode(400);
    exec(daemon, sandbox, "x".repeat(255), COUNT).then().statusCode(200);
  }

  @Test
  void whatFailedMayBeTriedAgain(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    Map<String, Object> wrong = json("args", List.of("/tmp/later"), "wait", true);
    exec(daemon, sandbox, "key", wrong).then().statusCode(422);
    sandbox.sh("printf '#!/bin/sh\\necho there' > /tmp/later; chmod +x /tmp/later");
    exec(daemon, sandbox, "key", wrong).then().statusCode(200).body("stdout", equalTo("there\n"));
  }

  @Test
  void manyAtOnceAreOne(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    Set<String> answers =
        new HashSet<>(
            Crowd.run(
                32,
                16,
                number ->
                    exec(daemon, sandbox, "same", COUNT)
                        .then()
                        .statusCode(200)
                        .extract()
                        .asString()));
    assertEquals(1, answers.size(), answers.toString());
    assertEquals("1", sandbox.sh("wc -l < /tmp/runs"));
  }

  @Test
  void theNextDaemonKnowsIt(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    String first = exec(daemon, sandbox, "key", COUNT).asString();
    daemon.kill();
    daemon.start();
    assertEquals(first, exec(daemon, sandbox, "key", COUNT).asString());
    exec(daemon, sandbox, "key", json("args", List.of("true"))).then().statusCode(409);
    assertEquals("1", sandbox.sh("wc -l < /tmp/runs"));
  }
}
