package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Many execs from many connections. */
@ExtendWith(LeakCheck.class)
@Timeout(200)
class LoadIT {
  private static final int CONNECTIONS = 16;

  @Test
  void execsFromSixteenConnectionsAllSucceed(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    execs(sandbox, 10);
    int files = Figures.descriptors(daemon.pid());
    int threads = Figures.threads(daemon.pid());
    // sandboxd.it.execs: for a longer run by hand
    execs(sandbox, Integer.getInteger("sandboxd.it.execs", 2000) / CONNECTIONS);
    await().until(() -> Figures.descriptors(daemon.pid()) <= files + CONNECTIONS);
    assertTrue(Figures.threads(daemon.pid()) <= threads + 8);
  }

  private static void execs(TestSandbox sandbox, int each) {
    String body = "{\"args\": [\"echo\", \"ok\"], \"wait\": true}";
    Crowd.run(
        CONNECTIONS,
        CONNECTIONS,
        number -> {
          String[] head = {"Content-Type: application/json", "Content-Length: " + body.length()};
          try (Exchange exec = sandbox.exchange("POST", "/exec", head)) {
            for (int i = 0; i < each; i++) {
              if (i > 0) {
                exec.next("POST", sandbox.path() + "/exec", head);
              }
              exec.write(body.getBytes(StandardCharsets.UTF_8));
              String result = exec.readText();
              assertEquals(200, exec.status(), result);
              assertTrue(result.contains("\"stdout\":\"ok\\n\""), result);
            }
          }
          return 0;
        });
  }

  @Test
  void theLongestEndedAreForgotten() throws Exception {
    try (Daemon daemon = Daemon.prepare().with("sandboxd.kept-processes", "20").start()) {
      TestSandbox sandbox = TestSandbox.started(daemon);
      sandbox.spawn("lives", TestSandbox.SLEEP);
      // As many at a time as are kept: none may lose its output before it is answered.
      Crowd.run(
          600,
          24,
          number -> {
            List<String> command = List.of("echo", "number " + number);
            String result =
                sandbox.quick(
                    200, "POST", "/exec", json("args", command, "id", "p-" + number, "wait", true));
            assertTrue(result.contains("\"stdout\":\"number " + number + "\\n\""), result);
            return number;
          });
      sandbox.exec(List.of("true"), "id", "last");
      List<String> kept = sandbox.get("/processes").jsonPath().getList("processes.id");
      assertTrue(kept.size() <= 21, kept.toString());
      assertTrue(kept.containsAll(List.of("main", "lives", "last")), kept.toString());
      sandbox.get("/processes/p-0").then().statusCode(404);
      sandbox.get("/processes/p-0/output").then().statusCode(404);
      long files =
          Directories.content(daemon.stateDirectory()).stream()
              .filter(file -> file.toString().endsWith(".stdout"))
              .count();
      assertTrue(files <= 21, files + " logs");
      daemon.kill();
      daemon.start();
      assertEquals(kept, sandbox.get("/processes").jsonPath().getList("processes.id"));
      sandbox.delete().then().statusCode(204);
    }
  }
}
