package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Clients that send too much, too slowly, or take nothing: they get an answer or lose their
 * connection, others are served meanwhile, and nothing of them stays.
 */
@ExtendWith(LeakCheck.class)
@Timeout(200)
class FloodIT {
  /** With a heap of 96 MiB, as much again beside it, and the JVM itself. */
  private static final long MOST_MIB = 400;

  private static final String JSON = "Content-Type: application/json";

  private final List<Exchange> flood = new ArrayList<>();
  private Daemon daemon;
  private int descriptors;

  @BeforeEach
  void start() throws IOException {
    daemon =
        Daemon.prepare()
            .with("sandboxd.idle-timeout", "3")
            .with("sandboxd.max-connections", "600")
            .with("sandboxd.pool", "0") // a blank takes descriptors too
            .start();
    others();
    daemon.given().get("/v1/sandboxes");
    descriptors = Figures.descriptors(daemon.pid());
  }

  /** What they took is there again. */
  @AfterEach
  void everythingIsAsBefore() throws IOException {
    try (Daemon closed = daemon) {
      for (Exchange one : flood) {
        one.close();
      }
      others();
      daemon.given().delete("/v1/sandboxes/victim?force=true");
      await().until(() -> Figures.descriptors(daemon.pid()) <= descriptors + 2);
      long rss = Figures.rssMib(daemon.pid());
      assertTrue(rss < MOST_MIB, "it has " + rss + " MiB");
      assertTrue(!daemon.logText().contains("OutOfMemory"), daemon.logText());
      closed.stop();
    }
  }

  private void others() {
    daemon.given().get("/v1/info").then().statusCode(200);
  }

  private Exchange open(String method, String path, String... headers) {
    Exchange one = Exchange.open(daemon.socket(), method, path, headers);
    flood.add(one);
    return one;
  }

  private TestSandbox victim() {
    return TestSandbox.started(daemon, "name", "victim");
  }

  /** Whether the daemon takes no more of it: it has closed the connection. */
  private static boolean isClosed(Exchange one, String bytes) {
    try {
      one.write(bytes.getBytes(StandardCharsets.US_ASCII));
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  @Test
  void oneConnectionTooManyIsToldSo() throws IOException {
    for (int i = 0; i < 600; i++) {
      open("GET", "/v1/info").status();
    }
    for (int i = 0; i < 100; i++) {
      try (Exchange more = Exchange.open(daemon.socket(), "GET", "/v1/info")) {
        assertEquals(429, more.status());
        String problem = more.readText();
        assertTrue(problem.contains("\"code\":\"limit_exceeded\""), problem);
        assertTrue(problem.contains("\"setting\":\"sandboxd.max-connections\""), problem);
      }
    }
    for (Exchange one : flood) {
      one.close();
    }
    await().ignoreExceptions().until(() -> daemon.given().get("/v1/info").statusCode() == 200);
    flood.clear();
    for (int i = 0; i < 500; i++) {
      assertEquals(200, open("GET", "/v1/info").status());
    }
  }

  @Test
  void aHeadThatDripsInIsGivenUp() {
    Exchange slow = open("GET", "/v1/info", "X: 1");
    Exchange one = Exchange.open(daemon.socket(), "POST", "/v1/sandboxes", "Content-Length: 9999");
    flood.add(one);
    assertEquals(200, status(slow));
    // A second head, and a body: one byte after the other, each well within the timeout.
    await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(200))
        .until(() -> isClosed(slow, "G"));
    await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(200))
        .until(() -> isClosed(one, " "));
    assertEquals(408, status(one));
  }

  private static int status(Exchange one) {
    try {
      return one.status();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void answersThatNobodyReadsAreNotKept() throws Exception {
    TestSandbox sandbox = victim();
    int before = Figures.descriptors(daemon.pid());
    String body = "{\"args\": [\"head\", \"-c\", \"1000000\", \"/dev/zero\"], \"wait\": true}";
    for (int i = 0; i < 100; i++) {
      open("POST", sandbox.path() + "/exec", JSON, "Content-Length: " + body.length())
          .write(body.getBytes(StandardCharsets.UTF_8));
    }
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> sandbox.get("/processes").jsonPath().getList("processes").size() > 50);
    others();
    for (Exchange one : flood) {
      assertEquals(200, one.status(), "what was run is answered, if with less of its output");
    }
    String id = sandbox.get("/processes").jsonPath().getString("processes[1].id");
    for (int i = 0; i < 400; i++) {
      open("GET", sandbox.path() + "/processes/" + id + "/output");
    }
    others();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> Figures.descriptors(daemon.pid()) <= before + 10);
  }

  @Test
  void requestsBehindManyAreNotRead() throws Exception {
    TestSandbox sandbox = victim();
    sandbox.spawn("job", List.of("cat"), "stdin", "pipe");
    Exchange one = open("GET", sandbox.path() + "/processes/job/wait");
    String next = "GET /v1/info HTTP/1.1\r\nHost: localhost\r\n\r\n";
    byte[] many = next.repeat(1000).getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < 50; i++) {
      one.write(many);
    }
    others();
    sandbox.input("job", "?close=true", "").then().statusCode(204);
    String answers = new String(one.readToEnd(), StandardCharsets.UTF_8);
    assertEquals(64, answers.split("HTTP/1.1 200 OK", -1).length - 1, answers);
    assertEquals(1, answers.split("HTTP/1.1 429 ", -1).length - 1, answers);
    assertTrue(answers.endsWith("}"), answers);
  }

  @Test
  void manyBodiesAtOnceAreRefusedRatherThanHeld() throws Exception {
    // As many objects from as few bytes as may be.
    StringBuilder labels = new StringBuilder("{\"labels\": {\"a\": \"\"");
    for (int i = 0; labels.length() < 1_000_000; i++) {
      labels.append(",\"").append(Integer.toString(i, 36)).append("\":\"\"");
    }
    byte[] body = labels.append("}, \"x\": }").toString().getBytes(StandardCharsets.US_ASCII);
    List<Integer> answers =
        Crowd.run(
            400,
            40,
            number -> {
              try (Exchange one =
                  Exchange.open(
                      daemon.socket(),
                      "POST",
                      "/v1/sandboxes",
                      JSON,
                      "Content-Length: " + body.length)) {
                one.write(body);
                return one.status();
              }
            });
    others();
    assertTrue(List.of(400, 503).containsAll(answers), answers.toString());
    assertTrue(answers.contains(400), answers.toString());
    // And those that stop short of the end.
    for (int i = 0; i < 100; i++) {
      Exchange one = open("POST", "/v1/sandboxes", JSON, "Content-Length: " + body.length);
      isClosed(one, new String(body, 0, 200_000, StandardCharsets.US_ASCII));
    }
    others();
    List<Integer> ends = new ArrayList<>();
    for (Exchange one : flood) {
      ends.add(one.status());
    }
    assertTrue(List.of(408, 503).containsAll(ends), ends.toString());
    assertEquals(400, daemon.given().body(json("nope", 1)).post("/v1/sandboxes").statusCode());
  }
}
