package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/**
 * A client that works with sandboxes of its own, remembers what it was told, and repeats what is
 * safe to be repeated when it got no answer.
 */
final class ChaosClient implements Runnable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MOST_SANDBOXES = 3;
  private static final int LINES = 200;

  /** What it knows of a sandbox. */
  private static final class Known {
    final String name;
    final String id;
    final List<Job> jobs = new ArrayList<>();
    boolean initWasKilled;

    Known(String name, String id) {
      this.name = name;
      this.id = id;
    }
  }

  /**
   * @param least how often it must have run, at least
   */
  private record Job(String token, int least) {}

  private record Answer(int status, JsonNode body) {}

  private final Daemon daemon;
  private final String name;
  private final Random random;
  private final AtomicInteger answers;
  private final List<Known> sandboxes = new ArrayList<>();
  private final List<String> gone = new ArrayList<>();
  private volatile boolean finishing;
  private int count;

  ChaosClient(Daemon daemon, String name, Random random, AtomicInteger answers) {
    this.daemon = daemon;
    this.name = name;
    this.random = random;
    this.answers = answers;
  }

  /** Lets it come to an end when it has done what it is at. */
  void finish() {
    finishing = true;
  }

  @Override
  public void run() {
    while (!finishing) {
      Known sandbox = sandboxes.isEmpty() ? null : any();
      int dice = random.nextInt(20);
      if (sandbox == null || (dice < 3 && sandboxes.size() < MOST_SANDBOXES)) {
        create();
      } else if (dice < 5 || sandbox.initWasKilled) {
        delete(sandbox);
      } else if (dice == 5) {
        killMain(sandbox);
      } else if (dice == 6) {
        killInit(sandbox);
      } else {
        exec(sandbox, dice % 2 == 0);
      }
    }
  }

  private Known any() {
    return sandboxes.get(random.nextInt(sandboxes.size()));
  }

  private void create() {
    String wanted = name + "-" + count++;
    Map<String, Object> spec =
        json(
            "name", wanted, "process", json("args", TestSandbox.SLEEP), "labels", json("of", name));
    Answer made = ask("POST", "/v1/sandboxes?start=true", spec, null);
    if (made == null) {
      Answer found = sure("GET", "/v1/sandboxes/" + wanted, null, null);
      if (found.status() == 404) {
        gone.add(wanted);
        return;
      }
      made = found;
      if (found.body().path("state").asText().equals("created")) {
        made = sure("POST", "/v1/sandboxes/" + wanted + "/start", null, null);
      }
    }
    assertTrue(made.status() == 201 || made.status() == 200 || made.status() == 409, wanted);
    Answer there = sure("GET", "/v1/sandboxes/" + wanted, null, null);
    assertEquals("running", there.body().path("state").asText(), there.toString());
    sandboxes.add(new Known(wanted, there.body().path("id").asText()));
  }

  /** With a key it is asked for until it is answered; without, it may have run or not. */
  private void exec(Known sandbox, boolean withKey) {
    String token = name + "." + count++;
    int code = random.nextInt(100);
    String script = "echo " + token + " >> /tmp/log; seq " + LINES + "; exit " + code;
    Map<String, Object> exec = json("args", List.of("sh", "-c", script), "wait", true);
    String path = "/v1/sandboxes/" + sandbox.name + "/exec";
    Answer result = withKey ? sure("POST", path, exec, token) : ask("POST", path, exec, null);
    sandbox.jobs.add(new Job(token, result == null ? 0 : 1));
    if (result != null) {
      assertEquals(200, result.status(), result.toString());
      assertEquals(code, result.body().at("/exit/code").asInt(), result.toString());
      assertEquals(LINES, result.body().path("stdout").asText().lines().count());
    }
  }

  private void killMain(Known sandbox) {
    String path = "/v1/sandboxes/" + sandbox.name + "/kill";
    Answer killed = sure("POST", path, json("signal", "KILL"), null);
    assertTrue(killed.status() == 204 || killed.status() == 409, killed.toString());
    Answer ended = sure("GET", "/v1/sandboxes/" + sandbox.name + "/wait", null, null);
    assertEquals(137, ended.body().at("/exit/code").asInt(), ended.toString());
    assertEquals("stopped", state(sandbox));
    // Asked for twice, the second one finds it running.
    Answer again = sure("POST", "/v1/sandboxes/" + sandbox.name + "/start", null, null);
    assertTrue(again.status() == 200 || again.status() == 409, again.toString());
    assertEquals("running", state(sandbox));
  }

  /** By somebody else's hand: all that is left to do is to delete it. */
  private void killInit(Known sandbox) {
    Answer there = sure("GET", "/v1/sandboxes/" + sandbox.name, null, null);
    TestSandbox.host("kill", "-9", there.body().path("pid").asText());
    sandbox.initWasKilled = true;
  }

  private void delete(Known sandbox) {
    Answer deleted = sure("DELETE", "/v1/sandboxes/" + sandbox.name + "?force=true", null, null);
    assertTrue(deleted.status() == 204 || deleted.status() == 404, deleted.toString());
    sandboxes.remove(sandbox);
    gone.add(sandbox.name);
  }

  /** What it was told, against what is. */
  void compare() {
    for (String each : gone) {
      assertEquals(404, sure("GET", "/v1/sandboxes/" + each, null, null).status(), each);
    }
    for (Known each : sandboxes) {
      Answer is = sure("GET", "/v1/sandboxes/" + each.name, null, null);
      assertEquals(each.id, is.body().path("id").asText(), is.toString());
      assertEquals(name, is.body().at("/labels/of").asText(), is.toString());
      if (each.initWasKilled) {
        Awaitility.await().until(() -> state(each).equals("broken"));
      } else {
        assertEquals("running", is.body().path("state").asText(), is.toString());
        compareJobs(each);
      }
    }
  }

  private String state(Known sandbox) {
    return sure("GET", "/v1/sandboxes/" + sandbox.name, null, null).body().path("state").asText();
  }

  private void compareJobs(Known sandbox) {
    Map<String, Object> exec =
        json("args", List.of("sh", "-c", "cat /tmp/log || true"), "wait", true);
    Answer log = sure("POST", "/v1/sandboxes/" + sandbox.name + "/exec", exec, null);
    List<String> lines = log.body().path("stdout").asText().lines().toList();
    for (Job job : sandbox.jobs) {
      long runs = lines.stream().filter(job.token()::equals).count();
      assertTrue(runs >= job.least() && runs <= 1, job + " ran " + runs + " times: " + lines);
    }
  }

  /** By name, each with its id. */
  Map<String, String> left() {
    return sandboxes.stream().collect(Collectors.toMap(each -> each.name, each -> each.id));
  }

  void deleteAll() {
    List.copyOf(sandboxes).forEach(this::delete);
  }

  /** Asks until there is an answer. */
  private Answer sure(String method, String path, Map<String, ?> body, String key) {
    Answer answer;
    do {
      answer = ask(method, path, body, key);
    } while (answer == null);
    return answer;
  }

  /** Null if it may have been done or not. */
  private Answer ask(String method, String path, Map<String, ?> body, String key) {
    awaitDaemon();
    try {
      byte[] json = body == null ? new byte[0] : JSON.writeValueAsBytes(body);
      List<String> headers =
          new ArrayList<>(
              List.of(
                  "Connection: close",
                  "Content-Type: application/json",
                  "Content-Length: " + json.length));
      if (key != null) {
        headers.add("Idempotency-Key: " + key);
      }
      String[] lines = headers.toArray(String[]::new);
      try (Exchange exchange = Exchange.open(daemon.socket(), method, path, lines)) {
        String text = exchange.write(json).readText();
        int status = exchange.status();
        assertTrue(status < 500, status + " " + method + " " + path + ": " + text);
        answers.incrementAndGet();
        return new Answer(status, JSON.readTree(text));
      }
    } catch (IOException | UncheckedIOException e) {
      return null;
    }
  }

  /** Until a daemon is there that has found its sandboxes. */
  private void awaitDaemon() {
    Awaitility.await("a daemon")
        .atMost(java.time.Duration.ofSeconds(60))
        .pollInterval(java.time.Duration.ofMillis(5))
        .until(this::isReady);
  }

  private boolean isReady() {
    try (Exchange exchange =
        Exchange.open(daemon.socket(), "GET", "/q/health/ready", "Connection: close")) {
      return exchange.status() == 200;
    } catch (IOException | UncheckedIOException e) {
      return false;
    }
  }
}
