package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What clients are told of what happens, and in which order. */
@ExtendWith(LeakCheck.class)
class EventsIT {
  private static final List<String> TRUE = List.of("true");

  @Test
  void aLifeIsToldInOrder(Daemon daemon) {
    try (EventTail tail = EventTail.open(daemon, "?sandbox=life")) {
      TestSandbox sandbox = TestSandbox.started(daemon, "name", "life");
      sandbox.exec(TRUE, "id", "job");
      sandbox.post("/pause").then().statusCode(200);
      sandbox.post("/resume").then().statusCode(200);
      sandbox.patch(json("resources", json("pids", json("max", 30)), "labels", json("a", "b")));
      sandbox.patch(json("labels", json("a", "b"))).then().statusCode(200);
      sandbox.post("/kill", json("signal", "KILL")).then().statusCode(204);
      sandbox.get("/wait").then().statusCode(200);
      assertEquals(204, sandbox.delete().statusCode());
      tail.await("sandbox.deleted");
      assertEquals(
          List.of(
              "sandbox.created",
              "process.started main",
              "sandbox.started",
              "process.started job",
              "process.exited job",
              "sandbox.paused",
              "sandbox.resumed",
              "sandbox.updated",
              "process.exited main",
              "sandbox.stopped",
              "sandbox.deleted"),
          tail.story());
      JsonNode updated = tail.await("sandbox.updated");
      assertEquals("[\"labels\",\"resources\"]", updated.path("changed").toString());
      assertEquals(30, updated.at("/resources/pids/max").asInt());
      assertEquals("running", updated.path("state").asText());
      JsonNode exited = tail.await("process.exited main");
      assertEquals("killed", exited.at("/exit/reason").asText());
      assertEquals(137, exited.at("/exit/code").asInt());
      assertTrue(exited.at("/usage/wallSeconds").asDouble() > 0);
      assertEquals(
          exited.path("exit"), tail.await("sandbox.stopped").path("exit"), "how it came to stop");
      assertIdsGrow(tail.events());
    }
  }

  private static void assertIdsGrow(List<JsonNode> events) {
    for (int i = 1; i < events.size(); i++) {
      assertTrue(
          events.get(i).path("id").asLong() > events.get(i - 1).path("id").asLong(),
          events.toString());
    }
  }

  @Test
  void nobodyElseReadsThem(Daemon daemon) throws IOException {
    Path events = daemon.stateDirectory().resolve("events");
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(events)));
  }

  @Test
  void theHistoryAloneHasAnEnd(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon, "name", "past");
    assertEquals(204, sandbox.delete().statusCode());
    String history = "/v1/events?since=0&follow=false&sandbox=past&type=";
    String created = history + "sandbox.created";
    String lines =
        daemon.given().accept("application/x-ndjson").get(created).then().extract().asString();
    // What is older than the history is a gap, whatever is asked for.
    assertEquals(1, lines.lines().filter(line -> line.contains("\"past\"")).count(), lines);
    String stream = daemon.given().get(history + "sandbox.deleted").asString();
    assertTrue(stream.contains("event: sandbox.deleted\n"), stream);
    daemon.given().get("/v1/events?follow=no").then().statusCode(400);
  }

  @Test
  void whatEndsAtOnceIsStartedFirst(Daemon daemon) {
    try (EventTail tail = EventTail.open(daemon, "?sandbox=short")) {
      TestSandbox sandbox =
          TestSandbox.create(daemon, "name", "short", "process", json("args", TRUE));
      for (int round = 0; round < 20; round++) {
        sandbox.post("/start").then().statusCode(200);
        sandbox.get("/wait").then().statusCode(200);
        await().until(() -> sandbox.state().equals("stopped"));
      }
      assertEquals(204, sandbox.delete().statusCode());
      tail.await("sandbox.deleted");
      List<String> expected = new ArrayList<>(List.of("sandbox.created"));
      for (int round = 0; round < 20; round++) {
        expected.addAll(
            List.of(
                "process.started main",
                "sandbox.started",
                "process.exited main",
                "sandbox.stopped"));
      }
      expected.add("sandbox.deleted");
      assertEquals(expected, tail.story());
    }
  }

  @Test
  void memoryRunsOutBeforeTheExit(Daemon daemon) {
    try (EventTail tail = EventTail.open(daemon, "?sandbox=hog")) {
      TestSandbox sandbox =
          TestSandbox.started(
              daemon, "name", "hog", "resources", json("memory", json("max", "32Mi")));
      sandbox.exec(List.of("tail", "/dev/zero"), "id", "greedy");
      assertEquals("oom", tail.await("process.exited greedy").at("/exit/reason").asText());
      List<String> story = tail.story();
      assertEquals(
          List.of("process.started greedy", "process.oom greedy", "process.exited greedy"),
          story.subList(story.size() - 3, story.size()));
      assertEquals(1, tail.await("process.oom greedy").path("kills").asLong());
    }
  }

  @Test
  void aKillOfWhatAProcessHasStartedIsToldToo(Daemon daemon) {
    try (EventTail tail = EventTail.open(daemon, "?sandbox=nested")) {
      TestSandbox sandbox =
          TestSandbox.started(
              daemon, "name", "nested", "resources", json("memory", json("max", "32Mi")));
      sandbox.exec(List.of("sh", "-c", "tail /dev/zero & wait $!; exit 3"), "id", "parent");
      tail.await("process.exited parent");
      List<String> story = tail.story();
      assertEquals(
          List.of("process.started parent", "process.oom", "process.exited parent"),
          story.subList(story.size() - 3, story.size()));

      // Nothing that is watched ends here: it is the kernel that tells.
      sandbox.spawn("host", List.of("sh", "-c", "tail /dev/zero & wait $!; sleep 1000"));
      tail.await(e -> EventTail.brief(e).equals("process.oom") && isAfter(tail, e, "host"));
      assertFalse(tail.story().contains("process.exited host"));

      daemon.kill();
      daemon.start();
    }
    try (EventTail tail = EventTail.open(daemon, "?sandbox=nested&since=0")) {
      TestSandbox.host("kill", "-9", "" + pid(daemon, "host"));
      JsonNode exit = tail.await("process.exited host").path("exit");
      assertEquals("signaled", exit.path("reason").asText(), "the former kills are no excuse");
      assertEquals(2, tail.story().stream().filter("process.oom"::equals).count(), "told once");
    }
  }

  private static boolean isAfter(EventTail tail, JsonNode event, String process) {
    return event.path("id").asLong() > tail.await("process.started " + process).path("id").asLong();
  }

  private static int pid(Daemon daemon, String process) {
    return daemon.given().get("/v1/sandboxes/nested/processes/" + process).jsonPath().getInt("pid");
  }

  /** One whose creation failed never was there, so nobody has to be told of its end. */
  @Test
  void aFailedCreateIsNoEvent(Daemon daemon) {
    try (EventTail tail = EventTail.open(daemon, "")) {
      TestSandbox.tryCreate(
              daemon, json("name", "never", "sysctls", json("net.ipv4.no_such_thing", "1")))
          .then()
          .statusCode(422);
      assertEquals(204, TestSandbox.create(daemon, "name", "mark").delete().statusCode());
      tail.await("sandbox.deleted");
      assertEquals(List.of("sandbox.created", "sandbox.deleted"), tail.story());
    }
  }

  @Test
  void onlyWhatIsAskedForIsTold(Daemon daemon) {
    TestSandbox one = TestSandbox.create(daemon, "name", "one");
    try (EventTail byId = EventTail.open(daemon, "?sandbox=" + one.id() + "&sandbox=two");
        EventTail byType = EventTail.open(daemon, "?type=process.exited&type=sandbox.deleted")) {
      TestSandbox two = TestSandbox.create(daemon, "name", "two");
      TestSandbox three = TestSandbox.create(daemon, "name", "three");
      one.exec(TRUE, "id", "job");
      for (TestSandbox each : List.of(three, two, one)) {
        assertEquals(204, each.delete().statusCode());
      }
      byType.await(e -> e.at("/sandbox/name").asText().equals("one") && !e.has("process"));
      assertEquals(
          List.of("process.exited job", "sandbox.deleted", "sandbox.deleted", "sandbox.deleted"),
          byType.story());
      byId.await(
          e ->
              EventTail.brief(e).equals("sandbox.deleted")
                  && e.at("/sandbox/name").asText().equals("one"));
      assertEquals(
          List.of("two", "one", "one", "two", "one"),
          byId.events().stream().map(e -> e.at("/sandbox/name").asText()).toList());
    }
  }

  @Test
  void whatIsAskedWronglyIsRefused(Daemon daemon) {
    for (String query : List.of("type=exited", "since=x", "since=-1", "sandboxes=a", "type=")) {
      daemon
          .given()
          .get("/v1/events?" + query)
          .then()
          .statusCode(400)
          .body("field", equalTo(query.replaceFirst("=.*", "")));
    }
    daemon.given().header("Last-Event-ID", "x").get("/v1/events").then().statusCode(400);
    daemon
        .given()
        .accept("application/xml")
        .get("/v1/events")
        .then()
        .statusCode(406)
        .body("detail", containsString("x-ndjson"));
  }

  @Test
  void theHeadComesBeforeAnythingHappens(Daemon daemon) {
    try (EventTail tail = EventTail.open(daemon, "", "Accept: text/event-stream")) {
      assertTrue(tail.head().contains("content-type: text/event-stream"), tail.head());
      assertTrue(tail.head().contains("cache-control: no-store"), tail.head());
      TestSandbox.create(daemon, "name", "first");
      JsonNode event = tail.await("sandbox.created");
      assertEquals(
          List.of("id: " + event.path("id"), "event: sandbox.created", "data: " + event),
          tail.lines().subList(1, 4));
    }
  }

  /** Whoever was told nothing yet can come back all the same, and so can who wanted nothing. */
  @Test
  void whereOneStandsIsToldWhenThePastIs(Daemon daemon) {
    String here;
    try (EventTail tail = EventTail.open(daemon, "?type=sandbox.broken")) {
      here = tail.awaitLine("id: \\d+").substring(4);
      daemon.kill();
    }
    daemon.start();
    TestSandbox sandbox = TestSandbox.create(daemon, "name", "meanwhile");
    try (EventTail tail = EventTail.open(daemon, "?sandbox=meanwhile", "Last-Event-ID: " + here)) {
      tail.await("sandbox.created");
      assertEquals(List.of("sandbox.created"), tail.story(), "no gap");
    }
    assertEquals(204, sandbox.delete().statusCode());
    try (EventTail tail = EventTail.open(daemon, "?since=" + here)) {
      JsonNode last = tail.await("sandbox.deleted");
      String mark = "id: " + last.path("id");
      await().until(() -> Collections.frequency(tail.lines(), mark) == 2);
      assertEquals(mark, tail.lines().get(tail.lines().size() - 1), "when all is told");
    }
  }

  @Test
  void eventsAreLinesOfJsonIfAskedFor(Daemon daemon) {
    try (EventTail tail = EventTail.open(daemon, "", "Accept: application/x-ndjson")) {
      assertTrue(tail.head().contains("content-type: application/x-ndjson"), tail.head());
      assertEquals(204, TestSandbox.create(daemon).delete().statusCode());
      tail.await("sandbox.deleted");
      assertEquals(2, tail.lines().size());
      assertEquals(tail.events().get(0).toString(), tail.lines().get(0));
    }
  }

  /** Each event comes once, whatever happened to the daemon in between. */
  @Test
  void aClientComesBackAfterTheDaemonWasKilled(Daemon daemon) {
    List<JsonNode> seen = new ArrayList<>();
    TestSandbox sandbox = TestSandbox.create(daemon, "name", "survivor");
    try (EventTail tail = EventTail.open(daemon, "?since=0&sandbox=survivor")) {
      sandbox.post("/start").then().statusCode(200);
      sandbox.spawn("job", List.of("sh", "-c", "sleep 0.3; exit 7"));
      tail.await("process.started job");
      daemon.kill();
      tail.awaitEnd();
      assertFalse(tail.isComplete(), "it was cut off");
      seen.addAll(tail.events());
    }
    daemon.start();
    String last = seen.get(seen.size() - 1).path("id").asText();
    // As EventSource does it: the address is the old one, the header goes before it.
    try (EventTail tail =
        EventTail.open(daemon, "?since=0&sandbox=survivor", "Last-Event-ID: " + last)) {
      assertEquals(7, tail.await("process.exited job").at("/exit/code").asInt());
      assertEquals(204, sandbox.delete().statusCode());
      tail.await("sandbox.deleted");
      seen.addAll(tail.events());
    }
    List<String> story = seen.stream().map(EventTail::brief).toList();
    assertEquals(
        List.of(
            "sandbox.created",
            "process.started main",
            "sandbox.started",
            "process.started job",
            "process.exited job",
            "process.exited main",
            "sandbox.deleted"),
        story);
    assertIdsGrow(seen);
  }

  /** A change is on file before its event: killed in between, the next daemon tells it. */
  @Test
  void whatWasNotToldAnyMoreIsToldLater(Daemon daemon) throws IOException {
    TestSandbox ended = TestSandbox.started(daemon, "name", "ended", "process", json("args", TRUE));
    TestSandbox gone = TestSandbox.create(daemon, "name", "gone");
    ended.get("/wait").then().statusCode(200);
    await().until(() -> ended.state().equals("stopped"));
    assertEquals(204, gone.delete().statusCode());
    daemon.kill();
    Path file = daemon.stateDirectory().resolve("events/current");
    List<String> told = Files.readAllLines(file);
    List<String> late = List.of("process.exited", "sandbox.stopped", "sandbox.deleted");
    Files.write(file, told.stream().filter(l -> !isOneOf(late, l)).toList());
    daemon.start();
    try (EventTail tail = EventTail.open(daemon, "?since=0")) {
      TestSandbox.create(daemon, "name", "mark");
      tail.await(e -> e.at("/sandbox/name").asText().equals("mark"));
      for (String brief : List.of("process.exited main", "sandbox.stopped")) {
        assertEquals(1, count(tail, "ended", brief), tail.story().toString());
      }
      assertEquals(1, count(tail, "gone", "sandbox.deleted"), tail.story().toString());
    }
  }

  /** Those of this test's sandboxes alone. */
  private static boolean isOneOf(List<String> types, String line) {
    return types.stream().anyMatch(type -> line.contains('"' + type + '"'))
        && (line.contains("\"ended\"") || line.contains("\"gone\""));
  }

  private static long count(EventTail tail, String sandbox, String brief) {
    return tail.events().stream()
        .filter(e -> e.at("/sandbox/name").asText().equals(sandbox))
        .filter(e -> EventTail.brief(e).equals(brief))
        .count();
  }

  @Test
  void lostHistoryIsAGap(Daemon daemon) {
    restartKeeping(daemon, "16");
    TestSandbox sandbox = TestSandbox.create(daemon, "name", "busy");
    long first;
    try (EventTail tail = EventTail.open(daemon, "?since=0&sandbox=busy")) {
      first = tail.await("sandbox.created").path("id").asLong();
    }
    relabel(sandbox, 40);
    try (EventTail tail = EventTail.open(daemon, "?type=sandbox.deleted&since=" + first)) {
      JsonNode gap = tail.await("gap");
      assertEquals(first, gap.path("since").asLong());
      assertTrue(gap.path("id").asLong() > first);
      assertEquals("event: gap", tail.lines().get(1));
      assertEquals(204, sandbox.delete().statusCode());
      tail.await("sandbox.deleted");
      assertEquals(List.of("gap", "sandbox.deleted"), tail.story());
    }
    restartKeeping(daemon, null);
  }

  private static void restartKeeping(Daemon daemon, String events) {
    daemon.stop();
    daemon.with("sandboxd.kept-events", events).start();
  }

  private static void relabel(TestSandbox sandbox, int times) {
    for (int i = 0; i < times; i++) {
      sandbox.patch(json("labels", json("n", "" + i))).then().statusCode(200);
    }
  }

  /** What it gets is whole, and ends where the daemon could wait no longer. */
  @Test
  void whoDoesNotReadIsCutOff(Daemon daemon) {
    restartKeeping(daemon, "16");
    TestSandbox sandbox = TestSandbox.create(daemon, "name", "chatty");
    try (EventTail slow = EventTail.unread(daemon, "/v1/events", "Event");
        EventTail fast = EventTail.open(daemon, "")) {
      relabel(sandbox, 1_000);
      await().until(() -> fast.events().size() == 1_000);
      slow.readAll();
      assertFalse(slow.isComplete(), "no proper end");
      List<Long> got = slow.events().stream().map(e -> e.path("id").asLong()).toList();
      List<Long> all = fast.events().stream().map(e -> e.path("id").asLong()).toList();
      assertTrue(got.size() < all.size(), "it was not kept for it: " + got.size());
      assertEquals(all.subList(0, got.size()), got, "and nothing was left out");
    }
    restartKeeping(daemon, null);
  }

  @Test
  void aHundredAreToldTheSame(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.create(daemon, "name", "famous");
    long threads = count("/proc/" + daemon.pid() + "/task");
    long files = count("/proc/" + daemon.pid() + "/fd");
    List<EventTail> tails =
        IntStream.range(0, 100).mapToObj(i -> EventTail.open(daemon, "?sandbox=famous")).toList();
    long more = count("/proc/" + daemon.pid() + "/task") - threads;
    assertTrue(more < 20, "no thread for each: " + more);
    relabel(sandbox, 20);
    assertEquals(204, sandbox.delete().statusCode());
    tails.forEach(tail -> tail.await("sandbox.deleted"));
    List<JsonNode> events = tails.get(0).events();
    assertEquals(21, events.size());
    tails.forEach(tail -> assertEquals(events, tail.events()));
    tails.forEach(EventTail::close);
    await().until(() -> count("/proc/" + daemon.pid() + "/fd") < files + 20);
  }

  private static long count(String directory) {
    try (Stream<Path> entries = Files.list(Path.of(directory))) {
      return entries.count();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
