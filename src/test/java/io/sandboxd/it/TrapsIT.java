package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.path.json.JsonPath;
import io.restassured.response.Response;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What daemons of this kind are known to stumble over. */
@ExtendWith(LeakCheck.class)
@Timeout(200)
// Descriptors and cgroups are counted, and blanks made ahead take some.
@LeakCheck.With(name = "sandboxd.pool", value = "0")
class TrapsIT {
  @Test
  void aThousandChildrenThatKeepTheOutputOpen(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    int init = sandbox.initPid();
    leaveChildren(sandbox, 40);
    int threads = Figures.threads(daemon.pid());
    int files = Figures.descriptors(daemon.pid());
    int filesOfInit = Figures.descriptors(init);
    leaveChildren(sandbox, 1000);
    await().until(() -> Figures.descriptors(daemon.pid()) <= files);
    await().until(() -> Figures.descriptors(init) <= filesOfInit);
    assertTrue(Figures.threads(daemon.pid()) <= threads + 4, "threads stay what they were");
    assertEquals("1040", sandbox.sh("ps -eo args | grep -c '^sleep 600'"));
  }

  private static void leaveChildren(TestSandbox sandbox, int times) {
    Crowd.run(
        times,
        8,
        number -> {
          String result =
              sandbox.quick(
                  200,
                  "POST",
                  "/exec",
                  json("args", List.of("sh", "-c", "sleep 600 & echo ok"), "wait", true));
          assertTrue(result.contains("\"stdout\":\"ok\\n\""), result);
          assertTrue(result.contains("\"code\":0"), result);
          return number;
        });
  }

  /** Whatever comes first: an answer comes. */
  @Test
  void execRacesWithTheEndOfMain(Daemon daemon) {
    Crowd.run(
        4,
        4,
        worker -> {
          TestSandbox sandbox =
              TestSandbox.create(
                  daemon, "process", json("args", List.of("sh", "-c", "echo up; exit 5")));
          for (int round = 0; round < 125; round++) {
            sandbox.quick(200, "POST", "/start", null);
            Response answer =
                sandbox.post("/exec", json("args", List.of("echo", "ran"), "wait", true));
            boolean late = answer.statusCode() == 409;
            assertEquals(
                late ? "stopped" : "ran\n",
                answer.jsonPath().getString(late ? "state" : "stdout"),
                answer.asString());
            sandbox.get("/wait").then().statusCode(200).body("exit.code", equalTo(5));
            assertEquals("up\n", sandbox.output("main"));
          }
          return worker;
        });
  }

  @Test
  void muchOutputAndThenTheEndForASlowReader(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    String script = "seq -w 0 9999999 | head -c 20000000; echo END";
    String sum = sandbox.sh("(" + script + ") | sha256sum | cut -d' ' -f1");
    sandbox.spawn("log", List.of("sh", "-c", script), "outputRetention", "32Mi");
    sandbox.spawn("stream", List.of("sh", "-c", script), "output", "stream");
    for (String process : List.of("log", "stream")) {
      try (Exchange reader = sandbox.follow(process)) {
        byte[] first = new byte[1];
        assertEquals(1, reader.read(first));
        if (process.equals("log")) {
          sandbox.awaitProcess("log"); // long over when the rest is read
        }
        assertEquals(
            sum,
            Figures.sha256(
                new java.io.SequenceInputStream(
                    new java.io.ByteArrayInputStream(first), slow(reader.body()))));
      }
      assertEquals(0, sandbox.awaitProcess(process).getInt("exit.code"));
    }
  }

  /** A little at a time. */
  private static InputStream slow(InputStream body) {
    return new InputStream() {
      @Override
      public int read() throws java.io.IOException {
        return body.read();
      }

      @Override
      public int read(byte[] into, int offset, int length) throws java.io.IOException {
        return body.read(into, offset, Math.min(1500, length));
      }
    };
  }

  @Test
  void aProcessMayCloseItsOutputEarly(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    String script = "echo first; exec 1>&- 2>&- 0<&-; sleep 0.2; exit 6";
    JsonPath result = sandbox.exec(List.of("sh", "-c", script));
    assertEquals("first\n", result.getString("stdout"));
    assertEquals(6, result.getInt("exit.code"));
    JsonPath tty = sandbox.exec(List.of("sh", "-c", script), "tty", true);
    assertEquals("first\r\n", tty.getString("stdout"));
    assertEquals(6, tty.getInt("exit.code"));
    sandbox.spawn("stream", List.of("sh", "-c", script), "output", "stream");
    try (Exchange reader = sandbox.follow("stream")) {
      assertEquals("first\n", reader.readText());
    }
    assertEquals(6, sandbox.awaitProcess("stream").getInt("exit.code"));
  }

  @Test
  void aProcessMayOpenItsOutputAnew(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    String script =
        "echo a >> /dev/stdout; echo b >> /proc/self/fd/1; echo c >> /dev/stderr; exec 3>>/dev/stdout; echo d >&3";
    for (int uid : List.of(0, 1000)) {
      JsonPath result = sandbox.exec(List.of("sh", "-c", script), "user", json("uid", uid));
      assertEquals("a\nb\nd\n", result.getString("stdout"), result.prettify());
      assertEquals("c\n", result.getString("stderr"));
      JsonPath tty =
          sandbox.exec(List.of("sh", "-c", script), "tty", true, "user", json("uid", uid));
      assertEquals("a\nb\nc\nd\n", tty.getString("stdout").replace("\r", ""));
      String id = "stream" + uid;
      sandbox.spawn(id, List.of("sh", "-c", script), "output", "stream", "user", json("uid", uid));
      assertEquals("a\nb\nd\n", sandbox.get("/processes/" + id + "/output").asString());
      assertEquals("c\n", sandbox.get("/processes/" + id + "/output?stream=stderr").asString());
    }
  }

  @Test
  void invalidUtf8IsPassedOnAsItIs(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    String script = "printf '\\303\\050\\377\\000\\200'";
    byte[] expected = {(byte) 0xc3, 0x28, (byte) 0xff, 0, (byte) 0x80};
    for (String form : List.of("log", "stream")) {
      sandbox.spawn(form, List.of("sh", "-c", script), "output", form);
      try (Exchange reader = sandbox.follow(form)) {
        org.junit.jupiter.api.Assertions.assertArrayEquals(expected, reader.body().readAllBytes());
      }
    }
    JsonPath result = sandbox.exec(List.of("sh", "-c", script));
    assertEquals("base64", result.getString("encoding"));
    assertEquals("wyj/AIA=", result.getString("stdout"));
  }

  @Test
  void execWhereNothingCanRunIsRefusedAtOnce(Daemon daemon) {
    Object exec = json("args", List.of("true"), "wait", true);
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.post("/pause").then().statusCode(200);
    sandbox.post("/exec", exec).then().statusCode(409).body("state", equalTo("paused"));
    sandbox.post("/resume").then().statusCode(200);
    sandbox.post("/kill", json("signal", "KILL")).then().statusCode(204);
    sandbox.get("/wait").then().statusCode(200);
    sandbox.post("/exec", exec).then().statusCode(409).body("state", equalTo("stopped"));
  }

  @Test
  void execIntoOneThatIsBeingDeleted(Daemon daemon) {
    for (int round = 0; round < 20; round++) {
      TestSandbox sandbox = TestSandbox.started(daemon);
      CountDownLatch go = new CountDownLatch(1);
      Crowd.run(
          9,
          9,
          number -> {
            if (number == 0) {
              go.countDown();
              sandbox.delete().then().statusCode(204);
              return 0;
            }
            go.await();
            Response answer = sandbox.post("/exec", json("args", List.of("true"), "wait", true));
            assertTrue(
                List.of(200, 404, 409, 422).contains(answer.statusCode()), answer.asString());
            return 0;
          });
    }
  }
}
