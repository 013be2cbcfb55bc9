package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restassured.path.json.JsonPath;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Waiting for the end of a process. */
@ExtendWith(LeakCheck.class)
@Timeout(200)
// Descriptors and cgroups are counted, and blanks made ahead take some.
@LeakCheck.With(name = "sandboxd.pool", value = "0")
class WaitIT {
  @Test
  void allWhoWaitAreToldTheSame(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("job", List.of("sh", "-c", "read -r code; exit $code"), "stdin", "pipe");
    sandbox.get("/processes/job/wait?timeout=0").then().statusCode(204);
    List<String> queries = List.of("", "?timeout=60", "?timeout=1m", "?timeout=60000ms");
    List<String> answers =
        Crowd.run(
            101,
            101,
            number -> {
              if (number == 100) {
                // The others are there by then, or come too late; both is what is asked.
                sandbox.input("job", "", "42\n").then().statusCode(204);
              }
              String query = queries.get(number % queries.size());
              return sandbox
                  .get("/processes/job/wait" + query)
                  .then()
                  .statusCode(200)
                  .extract()
                  .asString();
            });
    Set<String> different = new HashSet<>(answers);
    different.add(sandbox.get("/processes/job/wait").asString());
    different.add(sandbox.get("/processes/job/wait?timeout=0").asString());
    assertEquals(1, different.size(), different.toString());
    assertEquals(42, JsonPath.from(different.iterator().next()).getInt("exit.code"));
  }

  @Test
  void manyWaitersCostNoThreads() throws Exception {
    int limit = Integer.parseInt(TestSandbox.host("sh", "-c", "ulimit -Hn"));
    int count = Math.min(10_000, limit / 2 - 200);
    assumeTrue(count > 1_000, "the hard limit of open files is " + limit + ": skipped");
    try (Daemon daemon =
        Daemon.prepare().with("sandboxd.max-connections", "" + (count + 100)).start()) {
      manyWaitersCostNoThreads(daemon, count);
    }
  }

  private static void manyWaitersCostNoThreads(Daemon daemon, int count) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("job", List.of("sh", "-c", "read -r code; exit $code"), "stdin", "pipe");
    Crowd.run(64, 32, number -> sandbox.get("/processes/job/wait?timeout=10ms").statusCode());
    int threads = Figures.threads(daemon.pid());
    List<Exchange> waiting = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        waiting.add(sandbox.exchange("GET", "/processes/job/wait"));
      }
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> Figures.descriptors(daemon.pid()) >= count);
      assertEquals("ok", sandbox.sh("echo ok"), "others are served");
      int grown = Figures.threads(daemon.pid()) - threads;
      assertTrue(grown < 20, count + " connections made " + grown + " threads");
      sandbox.input("job", "", "9\n").then().statusCode(204);
      Set<String> answers = new HashSet<>();
      for (Exchange one : waiting) {
        answers.add(one.readText());
      }
      assertEquals(1, answers.size());
      assertEquals(9, JsonPath.from(answers.iterator().next()).getInt("exit.code"));
    } finally {
      for (Exchange one : waiting) {
        one.close();
      }
    }
  }

  @Test
  void whoGoesAwayWaitsNoLongerAndTheProcessLivesOn(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    int pid = sandbox.spawn("job", TestSandbox.SLEEP).getInt("pid");
    Crowd.run(40, 8, number -> comeAndGo(sandbox));
    int files = Figures.descriptors(daemon.pid());
    Crowd.run(1000, 16, number -> comeAndGo(sandbox)); // two waits each
    await().until(() -> Figures.descriptors(daemon.pid()) <= files);
    assertTrue(ProcessHandle.of(pid).isPresent());
    assertEquals("running", sandbox.get("/processes/job").jsonPath().getString("state"));
    sandbox.post("/processes/job/kill", json("signal", "TERM")).then().statusCode(204);
    assertEquals(143, sandbox.awaitProcess("job").getInt("exit.code"));
  }

  private static int comeAndGo(TestSandbox sandbox) throws Exception {
    try (Exchange wait = sandbox.exchange("GET", "/processes/job/wait");
        Exchange exec = sandbox.exchange("GET", "/wait")) {
      sandbox.quick(204, "GET", "/processes/job/wait?timeout=1ms", null);
      return wait.hashCode() - exec.hashCode();
    }
  }

  /** An exec with wait is a process and a wait: whoever leaves ends the wait alone. */
  @Test
  void whoLeavesAnExecLeavesTheProcess(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    String body = "{\"id\": \"job\", \"wait\": true, \"args\": [\"sleep\", \"1000\"]}";
    try (Exchange exec =
        sandbox.exchange(
            "POST",
            "/exec",
            "Content-Type: application/json",
            "Content-Length: " + body.length())) {
      exec.write(body.getBytes(java.nio.charset.StandardCharsets.UTF_8));
      await().until(() -> sandbox.get("/processes/job").statusCode() == 200);
    }
    sandbox.get("/processes/job/wait?timeout=300ms").then().statusCode(204);
  }

  @Test
  void whatIsWorkedOnIsNotIdle() throws Exception {
    try (Daemon daemon = Daemon.prepare().with("sandboxd.idle-timeout", "1").start()) {
      TestSandbox sandbox = TestSandbox.started(daemon);
      sandbox.spawn("job", List.of("cat"), "stdin", "pipe");
      try (Exchange follow = sandbox.follow("job");
          Exchange wait = sandbox.exchange("GET", "/processes/job/wait");
          Exchange input = sandbox.upload("job", "?close=true")) {
        input.send("a");
        follow.readUntil("a");
        // Three times the timeout passes without a byte on any of the three.
        sandbox.exec(List.of("sleep", "3"));
        input.send("b").end();
        assertEquals("b", follow.readText());
        assertEquals(204, input.status());
        assertEquals(0, JsonPath.from(wait.readText()).getInt("exit.code"));
      }
    }
  }
}
