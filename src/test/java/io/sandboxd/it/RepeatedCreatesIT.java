package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.restassured.response.Response;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The header Idempotency-Key of a create. */
@ExtendWith(LeakCheck.class)
@Timeout(120)
class RepeatedCreatesIT {
  private static final Map<String, Object> SPEC =
      json("process", json("args", TestSandbox.SLEEP), "labels", json("a", "b"));

  private static Response create(Daemon daemon, String key, String query, Object spec) {
    return daemon.given().header("Idempotency-Key", key).body(spec).post("/v1/sandboxes" + query);
  }

  private static List<String> ids(Daemon daemon) {
    return daemon.given().get("/v1/sandboxes").jsonPath().getList("sandboxes.id");
  }

  @Test
  void oneKeyIsOneSandbox(Daemon daemon) {
    Response first = create(daemon, "k1", "", SPEC);
    String id = first.then().statusCode(201).extract().jsonPath().getString("id");
    Response again = create(daemon, "k1", "", SPEC);
    again.then().statusCode(201).header("Location", equalTo(first.header("Location")));
    assertEquals(first.asString(), again.asString());
    assertEquals(List.of(id), ids(daemon));
    create(daemon, "k2", "", SPEC).then().statusCode(201);
    assertEquals(2, ids(daemon).size());
  }

  @Test
  void aKeyIsForOneRequest(Daemon daemon) {
    create(daemon, "key", "", SPEC).then().statusCode(201);
    create(daemon, "key", "", json("name", "other"))
        .then()
        .statusCode(409)
        .body("code", equalTo("key_reused"));
    create(daemon, "key", "?start=true", SPEC).then().statusCode(409);
    create(daemon, "x".repeat(256), "", SPEC).then().statusCode(400);
    assertEquals(1, ids(daemon).size());
  }

  @Test
  void manyAtOnceAreOneThatIsStartedOnce(Daemon daemon) {
    Set<String> ids =
        new HashSet<>(
            Crowd.run(
                32,
                16,
                number ->
                    create(daemon, "same", "?start=true", SPEC)
                        .then()
                        .statusCode(201)
                        .body("state", equalTo("running"))
                        .extract()
                        .jsonPath()
                        .getString("id")));
    assertEquals(ids, Set.copyOf(ids(daemon)));
    assertEquals(1, ids.size());
  }

  @Test
  void whatFailedMayBeTriedAgainAndWhatWasDeletedIsMadeAnew(Daemon daemon) {
    Map<String, Object> wrong = json("process", json("args", List.of("/nowhere")));
    create(daemon, "key", "?start=true", wrong).then().statusCode(422);
    assertEquals(List.of(), ids(daemon));
    String first = create(daemon, "key", "", SPEC).then().statusCode(201).extract().path("id");
    TestSandbox.named(daemon, first).delete().then().statusCode(204);
    create(daemon, "key", "", SPEC).then().statusCode(201);
    assertEquals(1, ids(daemon).size());
  }

  @Test
  void theNextDaemonKnowsItAndStartsWhatWasNot(Daemon daemon) {
    daemon.kill();
    daemon.with("sandboxd.fault", "daemon:create.done").start();
    assertThrows(Exception.class, () -> create(daemon, "key", "?start=true", SPEC));
    await().until(() -> !daemon.isAlive());
    daemon.with("sandboxd.fault", "").start();
    List<String> made = ids(daemon);
    for (int i = 0; i < 2; i++) {
      create(daemon, "key", "?start=true", SPEC)
          .then()
          .statusCode(201)
          .body("id", equalTo(made.get(0)), "state", equalTo("running"));
    }
    assertEquals(made, ids(daemon));
  }
}
