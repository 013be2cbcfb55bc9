package io.sandboxd.it;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.restassured.response.Response;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a client feeds under a key it can send again: the process gets it once. */
@ExtendWith(LeakCheck.class)
class RepeatedInputIT {
  private static final String KEY = "Idempotency-Key";

  private static TestSandbox cat(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("cat", List.of("cat"), "stdin", "pipe");
    return sandbox;
  }

  private static Response feed(Daemon daemon, TestSandbox sandbox, String key, String body) {
    return daemon
        .given()
        .header(KEY, key)
        .contentType("application/octet-stream")
        .body(body.getBytes(StandardCharsets.UTF_8))
        .post(sandbox.path() + "/processes/cat/input");
  }

  private static String end(TestSandbox sandbox) {
    sandbox.post("/processes/cat/input?close=true").then().statusCode(204);
    assertEquals(0, sandbox.awaitProcess("cat").getInt("exit.code"));
    return sandbox.output("cat");
  }

  @Test
  void isFedOnce(Daemon daemon) {
    TestSandbox sandbox = cat(daemon);
    feed(daemon, sandbox, "one", "abc").then().statusCode(204);
    feed(daemon, sandbox, "two", "def").then().statusCode(204);
    feed(daemon, sandbox, "one", "abc").then().statusCode(204);
    for (String other : List.of("abd", "abcd", "ab", "")) {
      feed(daemon, sandbox, "one", other)
          .then()
          .statusCode(409)
          .body("code", equalTo("key_reused"))
          .body("field", equalTo(KEY));
    }
    assertEquals("abcdef", end(sandbox));
  }

  @Test
  void goesOnWhereItBrokeOff(Daemon daemon) throws Exception {
    TestSandbox sandbox = cat(daemon);
    try (Exchange input =
        sandbox.exchange(
            "POST", "/processes/cat/input", "Transfer-Encoding: chunked", KEY + ": broken")) {
      input.send("first ");
      await().until(() -> sandbox.output("cat").equals("first "));
    }
    feed(daemon, sandbox, "between", "other ").then().statusCode(204);
    feed(daemon, sandbox, "broken", "first second").then().statusCode(204);
    assertEquals("first other second", end(sandbox));
  }

  @Test
  void theNextDaemonKnowsIt(Daemon daemon) {
    TestSandbox sandbox = cat(daemon);
    feed(daemon, sandbox, "lasting", "abc").then().statusCode(204);
    daemon.kill();
    daemon.start();
    feed(daemon, sandbox, "lasting", "abc").then().statusCode(204);
    feed(daemon, sandbox, "lasting", "abd").then().statusCode(409);
    feed(daemon, sandbox, "more", "def").then().statusCode(204);
    assertEquals("abcdef", end(sandbox));
  }

  @Test
  void aKeyAndAnOffsetAreOneTooMany(Daemon daemon) {
    TestSandbox sandbox = cat(daemon);
    daemon
        .given()
        .header(KEY, "x")
        .post(sandbox.path() + "/processes/cat/input?offset=0")
        .then()
        .statusCode(400)
        .body("field", equalTo("offset"));
  }
}
