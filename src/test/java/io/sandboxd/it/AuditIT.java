package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who has called what, and what came of it, can be read afterwards. */
class AuditIT {
  private static final String HISTORY = "/v1/events?type=audit&since=0&follow=false";

  private static Neighbours here;

  @BeforeAll
  static void start() throws IOException {
    here = new Neighbours();
  }

  @AfterEach
  void clean() {
    here.daemon().deleteAll();
  }

  @AfterAll
  static void end() throws IOException {
    if (here != null) {
      here.close();
    }
  }

  private static List<JsonNode> audit(User user) {
    List<JsonNode> calls = new ArrayList<>();
    String lines = user.curl(HISTORY, "-H", "Accept: application/x-ndjson").expect(200).body();
    lines.lines().filter(line -> !line.isBlank()).forEach(line -> calls.add(parse(line)));
    return calls;
  }

  private static JsonNode parse(String line) {
    try {
      return new ObjectMapper().readTree(line);
    } catch (IOException e) {
      throw new AssertionError(line, e);
    }
  }

  private static String brief(JsonNode event) {
    JsonNode call = event.path("call");
    return "%d %s %s %s %s %d %s"
        .formatted(
            call.path("uid").asLong(),
            call.path("method").asText(),
            call.path("path").asText("-"),
            call.path("name").asText("-"),
            call.path("process").asText("-"),
            call.path("status").asInt(),
            call.path("code").asText("-"));
  }

  private static JsonNode awaitCall(User reader, String brief) {
    await(brief).until(() -> audit(reader).stream().anyMatch(event -> brief(event).equals(brief)));
    return audit(reader).stream()
        .filter(event -> brief(event).equals(brief))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void everyCallThatChangesSomethingIsTold() {
    try (EventTail tail = EventTail.open(here.daemon(), "?type=audit")) {
      String id =
          here.alice
              .post("/v1/sandboxes", json("name", "a"))
              .expect(201)
              .json()
              .path("id")
              .asText();
      here.alice
          .post("/v1/sandboxes/a/exec", json("id", "job", "args", List.of("true")))
          .expect(201);
      here.bob.delete("/v1/sandboxes/a").expect(404);
      here.alice.post("/v1/sandboxes", json("namespaces", json("user", "host"))).expect(403);
      here.alice.get("/v1/sandboxes/a").expect(200);
      here.alice.post("/v1/nothing%0aMESSAGE=x").expect(404);
      here.alice.post("/v1/sandboxes/a/processes/job/kill", json("signal", "NONE")).expect(400);
      here.alice.delete("/v1/sandboxes/a?force=true").expect(204);
      tail.await(e -> brief(e).contains("DELETE /v1/sandboxes/{name} a - 204"));
      List<String> told = tail.events().stream().map(AuditIT::brief).toList();
      long alice = Neighbours.ALICE;
      assertEquals(
          List.of(
              alice + " POST /v1/sandboxes a - 201 -",
              alice + " POST /v1/sandboxes/{name}/exec a job 201 -",
              Neighbours.BOB + " DELETE /v1/sandboxes/{name} a - 404 not_found",
              alice + " POST /v1/sandboxes - - 403 not_permitted",
              alice + " POST - - - 404 not_found",
              alice + " POST /v1/sandboxes/{name}/processes/{process}/kill a job 400 invalid_spec",
              alice + " DELETE /v1/sandboxes/{name} a - 204 -"),
          told);
      JsonNode created = tail.events().get(0);
      assertEquals(id, created.at("/sandbox/id").asText());
      assertTrue(created.at("/call/pid").asInt() > 1, created.toString());
      assertFalse(tail.events().get(2).has("sandbox"), "it was not there for him");
    }
  }

  @Test
  void oneIsToldOfOnesOwnCalls() {
    here.alice.post("/v1/sandboxes", json("name", "hers")).expect(201);
    here.bob.post("/v1/sandboxes", json("name", "his")).expect(201);
    String his = Neighbours.BOB + " POST /v1/sandboxes his - 201 -";
    awaitCall(here.carol, his);
    awaitCall(here.bob, his);
    for (JsonNode event : audit(here.bob)) {
      assertTrue(
          event.path("type").asText().equals("gap")
              || event.at("/call/uid").asLong() == Neighbours.BOB,
          event.toString());
    }
  }

  @Test
  void whoWantsToHearOfSandboxesHearsNothingOfCalls() {
    here.alice.post("/v1/sandboxes", json("name", "quiet")).expect(201);
    awaitCall(here.carol, Neighbours.ALICE + " POST /v1/sandboxes quiet - 201 -");
    String all = here.carol.get("/v1/events?since=0&follow=false").expect(200).body();
    assertTrue(all.contains("quiet"), all);
    assertFalse(all.contains("audit"), all);
    here.carol.get("/v1/events?type=audit&type=sandbox.created").expect(400);
  }

  @Test
  void theLogHasEachCallInOneLine() {
    here.alice.post("/v1/sandboxes", json("name", "logged")).expect(201);
    await("the log's line").until(() -> here.daemon().logText().contains("\"name\":\"logged\""));
    String line =
        here.daemon()
            .logText()
            .lines()
            .filter(l -> l.startsWith("{\"audit\"") && l.contains("\"logged\""))
            .findFirst()
            .orElseThrow();
    JsonNode call = parse(line).path("audit");
    assertEquals(Neighbours.ALICE, call.path("uid").asLong());
    assertEquals("POST", call.path("method").asText());
    assertEquals("/v1/sandboxes", call.path("path").asText());
    assertEquals(201, call.path("status").asInt());
  }

  @Test
  void theHistoryOutlivesTheDaemon() {
    here.alice.post("/v1/sandboxes", json("name", "before")).expect(201);
    String brief = Neighbours.ALICE + " POST /v1/sandboxes before - 201 -";
    JsonNode told = awaitCall(here.carol, brief);
    here.daemon().kill();
    here.daemon().start();
    assertEquals(told, awaitCall(here.carol, brief));
  }
}
