package io.sandboxd.it;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Clients at work while the daemon is killed again and again. Then what they were told is compared
 * with what is.
 */
@ExtendWith(LeakCheck.class)
@Timeout(300)
class ChaosIT {
  private static final int CLIENTS = 4;
  private static final int KILLS = 8;
  private static final int MOST_BETWEEN_KILLS = 40;
  private static final long SEED = Long.getLong("sandboxd.it.seed", System.nanoTime());

  @Test
  void whatWasAnsweredIsTrue(Daemon daemon) throws Exception {
    System.out.println("ChaosIT: -Dsandboxd.it.seed=" + SEED);
    Random random = new Random(SEED);
    AtomicInteger answers = new AtomicInteger();
    List<ChaosClient> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      clients.add(new ChaosClient(daemon, "c" + i, new Random(SEED + i + 1), answers));
    }
    ExecutorService threads = Executors.newFixedThreadPool(CLIENTS + 1);
    try (Listener listener = new Listener(daemon)) {
      Future<?> listening = threads.submit(listener);
      List<Future<?>> working = new ArrayList<>();
      clients.forEach(client -> working.add(threads.submit(client)));
      for (int kill = 0; kill < KILLS; kill++) {
        int wanted = answers.get() + random.nextInt(MOST_BETWEEN_KILLS);
        await("answers before kill " + kill + ", seed " + SEED)
            .atMost(java.time.Duration.ofSeconds(60))
            .pollInterval(java.time.Duration.ofMillis(1))
            .until(() -> answers.get() > wanted || working.stream().anyMatch(Future::isDone));
        daemon.kill();
        daemon.start();
      }
      clients.forEach(ChaosClient::finish);
      for (Future<?> each : working) {
        each.get();
      }
      clients.forEach(ChaosClient::compare);
      Map<String, String> left = new HashMap<>();
      clients.forEach(client -> left.putAll(client.left()));
      assertEquals(left, sandboxes(daemon), "all that there is, seed " + SEED);
      clients.forEach(ChaosClient::deleteAll);
      TestSandbox.create(daemon, "name", "last").delete();
      listening.get();
      isCausal(listener.events());
    } finally {
      threads.shutdownNow();
    }
  }

  /** By name, each with its id. */
  private static Map<String, String> sandboxes(Daemon daemon) {
    Map<String, String> ids = new HashMap<>();
    for (Map<String, String> each :
        daemon.given().get("/v1/sandboxes").jsonPath().<Map<String, String>>getList("sandboxes")) {
      ids.put(each.get("name"), each.get("id"));
    }
    return ids;
  }

  /** Reads events in all lives of the daemon, always from where it stood. */
  private static final class Listener implements Runnable, AutoCloseable {
    private final Daemon daemon;
    private final List<JsonNode> events = new ArrayList<>();
    private volatile boolean closed;

    Listener(Daemon daemon) {
      this.daemon = daemon;
    }

    @Override
    public void run() {
      String last = "0";
      while (!closed && !isLast()) {
        last = readOn(last);
      }
    }

    private boolean isLast() {
      return !events.isEmpty()
          && EventTail.brief(events.get(events.size() - 1)).equals("sandbox.deleted")
          && events.get(events.size() - 1).at("/sandbox/name").asText().equals("last");
    }

    private String readOn(String last) {
      try (EventTail tail = EventTail.open(daemon, "?since=0", "Last-Event-ID: " + last)) {
        await()
            .atMost(java.time.Duration.ofSeconds(250))
            .until(
                () ->
                    closed || tail.hasEnded() || tail.lines().stream().anyMatch(ChaosIT::isOfLast));
        events.addAll(tail.events());
      } catch (AssertionError e) {
        return last; // there is no daemon just now
      }
      return events.isEmpty() ? last : events.get(events.size() - 1).path("id").asText();
    }

    List<JsonNode> events() {
      return events;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private static boolean isOfLast(String line) {
    return line.startsWith("data: ")
        && line.contains("sandbox.deleted")
        && line.contains("\"last\"");
  }

  private static void isCausal(List<JsonNode> events) {
    long before = 0;
    Set<String> told = new HashSet<>();
    for (JsonNode event : events) {
      String brief = EventTail.brief(event);
      String at = brief + " of " + event.at("/sandbox/name").asText() + ", seed " + SEED;
      assertTrue(event.path("id").asLong() > before, "twice, or out of order: " + at);
      before = event.path("id").asLong();
      String sandbox = event.at("/sandbox/id").asText();
      String process = sandbox + " " + event.at("/process/seq").asText();
      switch (event.path("type").asText()) {
        case "gap" -> throw new AssertionError("something is lost: " + at);
        case "sandbox.created" -> assertTrue(told.add("created " + sandbox), at);
        case "process.started" -> {
          assertTrue(told.contains("created " + sandbox), "before its sandbox: " + at);
          assertTrue(told.add("started " + process), "twice: " + at);
        }
        case "process.exited" -> {
          assertTrue(told.contains("started " + process), "before its start: " + at);
          assertTrue(told.add("exited " + process), "twice: " + at);
        }
        case "sandbox.deleted" -> assertTrue(told.add("deleted " + sandbox), "twice: " + at);
        default -> assertTrue(told.contains("created " + sandbox), at);
      }
      assertTrue(
          !told.contains("deleted " + sandbox) || brief.equals("sandbox.deleted"),
          "after its end: " + at);
    }
    for (String each : told) {
      if (each.startsWith("started ")) {
        assertTrue(told.contains(each.replace("started", "exited")), each + ", seed " + SEED);
      }
    }
  }
}
