package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What belongs to one user is not there for the others, and all is there for admins. */
class AccessIT {
  private static final Map<String, Object> SLEEPER = json("args", TestSandbox.SLEEP);

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

  private static JsonNode started(User user, String name) {
    return user.post("/v1/sandboxes?start=true", json("name", name, "process", SLEEPER))
        .expect(201)
        .json();
  }

  private static List<String> names(User user) {
    List<String> names = new ArrayList<>();
    JsonNode list = user.get("/v1/sandboxes").expect(200).json().path("sandboxes");
    list.forEach(sandbox -> names.add(sandbox.path("name").asText()));
    return names;
  }

  @Test
  void whoeverMakesASandboxOwnsItAlsoAfterARestart() throws IOException {
    JsonNode made = started(here.alice, "hers");
    assertEquals(Neighbours.ALICE, made.at("/owner/uid").asLong());
    assertEquals(Neighbours.socketGroup(), made.at("/owner/gid").asLong());
    here.daemon().kill();
    here.daemon().start();
    assertEquals(List.of("hers"), names(here.alice));
    assertEquals(List.of(), names(here.bob));
    here.alice
        .post("/v1/sandboxes/hers/exec", json("args", List.of("echo", "hi"), "wait", true))
        .expect(200);
    here.bob.delete("/v1/sandboxes/hers?force=true").expect(404);
    here.alice.delete("/v1/sandboxes/hers?force=true").expect(204);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET ",
        "PATCH ",
        "DELETE ",
        "DELETE ?force=true",
        "POST /start",
        "POST /kill",
        "POST /pause",
        "POST /resume",
        "POST /exec",
        "GET /wait?timeout=0",
        "GET /stats",
        "GET /stats?stream=true",
        "GET /namespaces",
        "GET /processes",
        "GET /processes/main",
        "GET /processes/main/wait?timeout=0",
        "GET /processes/main/output",
        "POST /processes/main/input",
        "POST /processes/main/kill",
        "POST /processes/main/resize"
      })
  void anothersSandboxIsLikeNone(String call) {
    String id = started(here.alice, "hers").path("id").asText();
    String method = call.split(" ", -1)[0];
    String below = call.split(" ", -1)[1];
    for (String name : List.of("hers", id)) {
      String[] body = {"-X", method, "-H", "Content-Type: application/json", "-d", "{}"};
      User.Answer of = here.bob.curl("/v1/sandboxes/" + name + below, body).expect(404);
      User.Answer none = here.bob.curl("/v1/sandboxes/none" + below, body).expect(404);
      assertEquals(none.body().replace("none", name), of.body());
    }
    assertEquals("running", here.alice.get("/v1/sandboxes/hers").json().path("state").asText());
  }

  @Test
  void anothersSandboxIsInNoListAndCannotBeJoined() {
    started(here.alice, "hers");
    started(here.bob, "his");
    assertEquals(List.of("hers"), names(here.alice));
    assertEquals(List.of("his"), names(here.bob));
    Map<String, Object> join = json("namespaces", json("network", json("sandbox", "hers")));
    Map<String, Object> joinNone = json("namespaces", json("network", json("sandbox", "none")));
    for (String path : List.of("/v1/sandboxes", "/v1/sandboxes?dryRun=true")) {
      User.Answer refused = here.bob.post(path, join).expect(400);
      assertEquals(
          here.bob.post(path, joinNone).expect(400).body().replace("none", "hers"), refused.body());
    }
    // The host's clock is one for all, but who else looks at it is nobody's business.
    JsonNode spaces = here.bob.get("/v1/sandboxes/his/namespaces").expect(200).json();
    assertFalse(spaces.toString().contains("hers"), spaces.toString());
    // One's own can be joined, with the user namespace that owns it.
    here.alice
        .post(
            "/v1/sandboxes",
            json(
                "namespaces",
                json("network", json("sandbox", "hers"), "user", json("sandbox", "hers"))))
        .expect(201);
  }

  @Test
  void aNameIsTakenWhoeverHasIt() {
    started(here.alice, "one");
    JsonNode problem = here.bob.post("/v1/sandboxes", json("name", "one")).expect(409).json();
    assertEquals("name_in_use", problem.path("code").asText());
  }

  @Test
  void everyUserHasKeysOfTheirOwn() {
    String[] same = {
      "-X", "POST", "-H", "Content-Type: application/json", "-H", "Idempotency-Key: k", "-d", "{}"
    };
    String hers = here.alice.curl("/v1/sandboxes", same).expect(201).json().path("id").asText();
    String his = here.bob.curl("/v1/sandboxes", same).expect(201).json().path("id").asText();
    assertFalse(hers.equals(his), "each has made one");
    assertEquals(hers, here.alice.curl("/v1/sandboxes", same).json().path("id").asText());
    assertEquals(his, here.bob.curl("/v1/sandboxes", same).json().path("id").asText());
  }

  @Test
  void eventsAreOfOnesOwn() {
    started(here.alice, "hers");
    started(here.bob, "his");
    String all = "/v1/events?since=0&follow=false";
    String[] lines = {"-H", "Accept: application/x-ndjson"};
    String toBob = here.bob.curl(all, lines).expect(200).body();
    assertTrue(toBob.contains("\"his\""), toBob);
    assertFalse(toBob.contains("\"hers\""), toBob);
    assertFalse(here.bob.curl(all + "&sandbox=hers", lines).body().contains("hers"));
    String toCarol = here.carol.curl(all, lines).body();
    assertTrue(toCarol.contains("\"his\"") && toCarol.contains("\"hers\""), toCarol);
  }

  @Test
  void membersOfTheAdminGroupMayDoEverything() {
    started(here.alice, "hers");
    assertEquals(List.of("hers"), names(here.carol));
    here.carol
        .post("/v1/sandboxes/hers/exec", json("args", List.of("true"), "wait", true))
        .expect(200);
    here.carol.get("/v1/system/leaks").expect(200);
    here.carol.get("/q/metrics").expect(200);
    here.carol
        .post("/v1/sandboxes", json("namespaces", json("default", "host"), "name", "wide"))
        .expect(201);
    here.carol.delete("/v1/sandboxes/hers?force=true").expect(204);
    here.daemon().given().get("/v1/sandboxes/wide").then().body("owner.uid", equalTo(54_323));
  }

  @Test
  void whatIsOfTheWholeDaemonIsForAdmins() {
    for (User.Answer answer :
        List.of(
            here.alice.get("/v1/system/leaks"),
            here.alice.post("/v1/system/leaks/reap"),
            here.alice.get("/q/metrics"))) {
      answer.expect(403);
      assertEquals("sandboxd.admin-group", answer.json().path("rule").asText());
    }
    for (String path : List.of("/v1/info", "/q/health/live", "/q/health/ready", "/q/openapi")) {
      here.alice.get(path).expect(200);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/sandboxes/hers/",
        "/v1/sandboxes//hers",
        "//v1/sandboxes/hers",
        "/v1/./sandboxes/hers",
        "/v1/x/../sandboxes/hers",
        "/v1/sandboxes/%68ers",
        "/v1/sandboxes%2Fhers",
        "/v1/sandboxes/hers;x=1",
        "/v1/sandboxes;x=1/hers",
        "/v1/sandboxes/hers%00",
        "/v1/sandboxes/hers/%2e",
        "/v1/sandboxes/none/%2e%2e/hers",
        "/v1/sandboxes/none/../hers",
        "/V1/sandboxes/hers",
        "/q/metrics/",
        "/q//metrics",
        "/q/./metrics",
        "/q/%6detrics",
        "/q/metrics;x",
        "/q/health/../metrics",
        "/q/health",
        "/v1/system/leaks/",
        "/v1/system/%6ceaks",
        "/v1/system/leaks;x"
      })
  void noOtherWayOfWritingAPathLeadsAnywhere(String path) {
    started(here.alice, "hers");
    for (User user : List.of(here.bob, here.carol)) {
      for (String method : List.of("GET", "POST", "DELETE", "PATCH", "OPTIONS")) {
        User.Answer answer = user.curl(path, "-X", method, "-H", "Content-Length: 0");
        assertTrue(
            answer.status() == 404 || answer.status() == 400, method + ": " + answer.toString());
      }
      assertTrue(user.curl(path, "-I").status() >= 400);
    }
    assertEquals("running", here.alice.get("/v1/sandboxes/hers").json().path("state").asText());
  }

  @Test
  void otherMethodsAreCheckedAlike() {
    started(here.alice, "hers");
    String[] head = {"-I"};
    here.bob.curl("/v1/sandboxes/hers", head).expect(404);
    here.bob.curl("/q/metrics", head).expect(403);
    here.alice.curl("/v1/sandboxes/hers", head).expect(200);
    for (String method : List.of("OPTIONS", "PUT", "TRACE", "PROPFIND")) {
      here.alice.curl("/v1/sandboxes/hers", "-X", method).expect(405);
      here.bob.curl("/v1/sandboxes/hers", "-X", method).expect(405);
    }
    here.bob
        .curl("/v1/sandboxes/hers", "-X", "POST", "-H", "X-HTTP-Method-Override: DELETE")
        .expect(405);
  }

  /** Whose turn it is when the body has come at last does not matter: who was meant does. */
  @Test
  void aNameThatChangesHandsLeadsToNobodyElse() throws IOException {
    started(here.alice, "name");
    String body = "{\"args\":[\"true\"],\"wait\":true}";
    try (Exchange late =
        Exchange.open(
            here.daemon().socket(),
            "POST",
            "/v1/sandboxes/name/exec",
            "Content-Type: application/json",
            "Content-Length: " + body.length(),
            "Expect: 100-continue")) {
      assertEquals(100, late.status(), "that it has been let through");
      here.alice.delete("/v1/sandboxes/name?force=true").expect(204);
      started(here.bob, "name");
      late.write(body.getBytes(java.nio.charset.StandardCharsets.UTF_8));
      assertTrue(late.status() >= 400, "status " + late.status());
    }
    JsonNode processes = here.bob.get("/v1/sandboxes/name/processes").json().path("processes");
    assertEquals(1, processes.size(), processes.toString());
  }
}
