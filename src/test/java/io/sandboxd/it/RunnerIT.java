package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restassured.path.json.JsonPath;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** One call runs a snippet and has all there is to know of it. */
@ExtendWith(LeakCheck.class)
@Timeout(120)
class RunnerIT {
  @Test
  void oneCallIsTheWholeStory(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    JsonPath result =
        sandbox.exec(
            List.of("perl", "-"),
            "input",
            "print 6 * 7; print STDERR 'grüße'; exit 3;",
            "timeout",
            "30s");
    assertEquals("42", result.getString("stdout"));
    assertEquals("grüße", result.getString("stderr"));
    assertEquals("utf-8", result.getString("encoding"));
    assertFalse(result.getBoolean("stdoutTruncated"));
    assertFalse(result.getBoolean("stderrTruncated"));
    assertEquals("exited", result.getString("state"));
    assertEquals(3, result.getInt("exit.code"));
    assertTrue(result.getDouble("usage.wallSeconds") > 0);
    assertTrue(result.getDouble("usage.cpuSeconds") >= 0);
    assertTrue(result.getLong("usage.maxRssBytes") > 0);
    assertTrue(result.getInt("pid") > 1);
    assertTrue(result.getInt("sandboxPid") > 1);
  }

  @Test
  void eachStreamIsCutByItself(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    String script = "seq 1000; echo short >&2";
    JsonPath result = sandbox.exec(List.of("sh", "-c", script), "maxOutput", 10, "id", "cut");
    assertEquals("1\n2\n3\n4\n5\n", result.getString("stdout"));
    assertTrue(result.getBoolean("stdoutTruncated"));
    assertEquals("short\n", result.getString("stderr"));
    assertFalse(result.getBoolean("stderrTruncated"));
    assertEquals(3893, sandbox.output("cut").length());
    JsonPath exactly = sandbox.exec(List.of("printf", "1234567890"), "maxOutput", 10);
    assertFalse(exactly.getBoolean("stdoutTruncated"));
    JsonPath none = sandbox.exec(List.of("echo", "x"), "maxOutput", 0);
    assertEquals("", none.getString("stdout"));
    assertTrue(none.getBoolean("stdoutTruncated"));
    sandbox
        .post("/exec", json("args", List.of("true"), "wait", true, "maxOutput", "17Mi"))
        .then()
        .statusCode(400)
        .body("field", equalTo("maxOutput"));
  }

  @Test
  void textOrBase64ByWhatItIs(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    JsonPath bytes =
        sandbox.exec(List.of("sh", "-c", "cat; echo text >&2"), "inputBase64", "AP/+gA==");
    assertEquals("base64", bytes.getString("encoding"));
    assertEquals("AP/+gA==", bytes.getString("stdout"));
    assertEquals("dGV4dAo=", bytes.getString("stderr"));
    // Each of these is not UTF-8, though it looks a little like it (RFC 3629).
    for (String base64 : List.of("wIA=", "7aCA", "9JCAgA==", "gA==", "4oI=")) {
      JsonPath result = sandbox.exec(List.of("cat"), "inputBase64", base64);
      assertEquals("base64", result.getString("encoding"), base64);
      assertEquals(base64, result.getString("stdout"));
    }
    String odd = "\u0000\u0001\u001b[0m\u2028\ud83d\ude00\ufeff\uffff";
    assertEquals(odd, sandbox.exec(List.of("cat"), "input", odd).getString("stdout"));
  }

  @Test
  void whyItEnded(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    assertEquals("exited", reason(sandbox, "exit 137"));
    assertEquals("signaled", reason(sandbox, "kill -SEGV $$"));
    assertEquals("signaled", reason(sandbox, "kill -KILL $$"));
    assertEquals("timeout", reason(sandbox, "sleep 100", "timeout", "100ms"));
    List<String> controllers =
        daemon.given().get("/v1/info").jsonPath().getList("cgroup.controllers");
    assumeTrue(controllers.contains("memory"), "this host does not limit memory: oom is skipped");
    Map<String, Object> small = json("memory", json("max", "16Mi", "swapMax", 0));
    String greedy = "exec perl -e '$x = \"a\" x (100 << 20); sleep 100'";
    assertEquals("oom", reason(sandbox, greedy, "resources", small));
    assertEquals("signaled", reason(sandbox, "kill -KILL $$"), "one oom does not explain the next");
  }

  private static String reason(TestSandbox sandbox, String script, Object... namesAndValues) {
    return sandbox.exec(List.of("sh", "-c", script), namesAndValues).getString("exit.reason");
  }

  @Test
  void anAnswerHasWhatTheDaemonsMemoryCanHold(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    JsonPath result =
        sandbox.exec(List.of("sh", "-c", "yes | head -c 16777216"), "maxOutput", "16Mi");
    int held = result.getString("stdout").length();
    assertTrue(held >= 500_000 && held < 16 << 20, held + " bytes");
    assertTrue(result.getBoolean("stdoutTruncated"));
    // Of what is stored there is the end, and that is not cut short.
    byte[] stored =
        sandbox.get("/processes/" + result.getString("id") + "/output?stream=stdout").asByteArray();
    assertTrue(stored.length > 3 << 20, stored.length + " bytes");
  }
}
