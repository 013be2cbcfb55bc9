package io.sandboxd.it;

import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.nullValue;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.path.json.JsonPath;
import io.restassured.response.Response;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Reading what was written: any part of it, by offset, as long as it is kept. */
@ExtendWith(LeakCheck.class)
@Timeout(120)
class OutputIT {
  private static final long MIB = 1 << 20;

  /** Lines of eight bytes, each its own number: what is at an offset is known. */
  static List<String> lines(int count) {
    return List.of("perl", "-e", "printf \"%07d\\n\", $_ for 0.." + (count - 1));
  }

  private static TestSandbox withTenBytes(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.exec(List.of("sh", "-c", "printf 0123456789; printf errors >&2"), "id", "ten");
    return sandbox;
  }

  @Test
  void aRangeIsAPartialAnswer(Daemon daemon) throws Exception {
    TestSandbox sandbox = withTenBytes(daemon);
    range(sandbox, "bytes=2-4", 206, "bytes 2-4/10", "234");
    range(sandbox, "bytes=0-0", 206, "bytes 0-0/10", "0");
    range(sandbox, "bytes=7-", 206, "bytes 7-9/10", "789");
    range(sandbox, "bytes=-3", 206, "bytes 7-9/10", "789");
    range(sandbox, "bytes=-999", 206, "bytes 0-9/10", "0123456789");
    range(sandbox, "bytes=8-999999999999", 206, "bytes 8-9/10", "89");
  }

  @Test
  void aRangeThatIsNotUnderstoodIsNone(Daemon daemon) throws Exception {
    TestSandbox sandbox = withTenBytes(daemon);
    for (String header :
        List.of("bytes=5-3", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,4-5", "")) {
      range(sandbox, header, 200, null, "0123456789");
    }
  }

  private static void range(
      TestSandbox sandbox, String header, int status, String contentRange, String content)
      throws Exception {
    try (Exchange get = sandbox.exchange("GET", "/processes/ten/output", "Range: " + header)) {
      assertEquals(status, get.status(), header);
      assertEquals(contentRange, get.header("Content-Range"), header);
      assertEquals(content, get.readText(), header);
      assertEquals("10", get.header("Sandboxd-Size"), header);
      assertEquals("" + content.charAt(0), get.header("Sandboxd-Offset"), header);
    }
  }

  @Test
  void aRangeWithNothingInItIsRefused(Daemon daemon) throws Exception {
    TestSandbox sandbox = withTenBytes(daemon);
    for (String header : List.of("bytes=10-", "bytes=10-12", "bytes=11-", "bytes=-0")) {
      try (Exchange get = sandbox.exchange("GET", "/processes/ten/output", "Range: " + header)) {
        assertEquals(416, get.status(), header);
        assertEquals(10, JsonPath.from(get.readText()).getInt("size"), header);
      }
    }
    try (Exchange empty = sandbox.exchange("GET", "/processes/main/output", "Range: bytes=-5")) {
      assertEquals(416, empty.status());
    }
    for (String query : List.of("?offset=1", "?tail=1", "?follow=true", "?stream=both")) {
      try (Exchange get =
          sandbox.exchange("GET", "/processes/ten/output" + query, "Range: bytes=0-1")) {
        assertEquals(400, get.status(), query);
        assertEquals("Range", JsonPath.from(get.readText()).getString("field"), query);
      }
    }
  }

  @Test
  void offsetAndTail(Daemon daemon) {
    TestSandbox sandbox = withTenBytes(daemon);
    part(sandbox, "?offset=0", "0", "0123456789");
    part(sandbox, "?offset=9", "9", "9");
    part(sandbox, "?offset=10", "10", "");
    part(sandbox, "?tail=3", "7", "789");
    part(sandbox, "?tail=0", "10", "");
    part(sandbox, "?tail=99", "0", "0123456789");
    part(sandbox, "?tail=5&offset=7", "7", "789");
    part(sandbox, "?tail=2&offset=7", "8", "89");
    part(sandbox, "?stream=stderr&offset=3", "3", "ors");
    sandbox
        .get("/processes/ten/output?offset=11")
        .then()
        .statusCode(416)
        .body("code", equalTo("range_not_satisfiable"))
        .body("size", equalTo(10));
    for (String wrong :
        List.of(
            "offset=-1",
            "offset=x",
            "tail=1.5",
            "offset=",
            "follow=yes",
            "stream=out",
            "limit=1")) {
      sandbox
          .get("/processes/ten/output?" + wrong)
          .then()
          .statusCode(400)
          .body("field", equalTo(wrong.replaceFirst("=.*", "")));
    }
    sandbox.get("/processes/none/output").then().statusCode(404);
  }

  private static void part(TestSandbox sandbox, String query, String offset, String content) {
    Response answer = sandbox.get("/processes/ten/output" + query);
    assertEquals(200, answer.statusCode(), query);
    assertEquals(content, answer.asString(), query);
    assertEquals(offset, answer.header("Sandboxd-Offset"), query);
  }

  @Test
  void bothStreamsInOne(Daemon daemon) {
    TestSandbox sandbox = withTenBytes(daemon);
    sandbox
        .get("/processes/ten/output?stream=both")
        .then()
        .statusCode(200)
        .header("Sandboxd-Offset", nullValue())
        .body(equalTo("0123456789errors"));
    sandbox
        .get("/processes/ten/output?stream=both&tail=2&follow=true")
        .then()
        .statusCode(200)
        .body(equalTo("89rs"));
    sandbox
        .get("/processes/ten/output?stream=both&offset=2")
        .then()
        .statusCode(400)
        .body("field", equalTo("offset"));
  }

  @Test
  void fourMebibytesOfEachStreamAreKept(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    int count = (int) (12 * MIB / 8);
    sandbox.exec(lines(count), "id", "much", "maxOutput", "64Ki");
    keeps(sandbox, "much", 12 * MIB, 4 * MIB);
  }

  @Test
  void howMuchIsKeptIsSaidForASandboxOrAProcess(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon, "outputRetention", "256Ki");
    sandbox.spawn("default", lines(1 << 18));
    sandbox.spawn("less", lines(1 << 18), "outputRetention", "64Ki");
    sandbox.spawn("more", lines(1 << 18), "outputRetention", "8Mi");
    for (String id : List.of("default", "less", "more")) {
      assertEquals(0, sandbox.awaitProcess(id).getInt("exit.code"));
    }
    keeps(sandbox, "default", 2 * MIB, 256 << 10);
    keeps(sandbox, "less", 2 * MIB, 64 << 10);
    assertEquals(2 * MIB, sandbox.get("/processes/more/output").asByteArray().length);
  }

  /** The end is there byte for byte; what was before it is a gap that is told. */
  private static void keeps(TestSandbox sandbox, String process, long written, long kept) {
    String output = "/processes/" + process + "/output";
    Response answer = sandbox.get(output + "?offset=" + (written - kept));
    byte[] end = answer.then().statusCode(200).extract().asByteArray();
    assertEquals("" + (written - kept), answer.header("Sandboxd-Offset"));
    assertEquals("" + written, answer.header("Sandboxd-Size"));
    assertEquals(kept, end.length);
    for (int at = 0; at < end.length; at += 8 * 1021) {
      String number =
          new String(Arrays.copyOfRange(end, at, at + 7), java.nio.charset.StandardCharsets.UTF_8);
      assertEquals((written - kept + at) / 8, Long.parseLong(number));
    }
    long asked = written / 4;
    Response gap = sandbox.get(output + "?offset=" + asked);
    long begins = Long.parseLong(gap.header("Sandboxd-Offset"));
    assertTrue(begins > asked && begins <= written - kept, "begins at " + begins);
    assertEquals(
        begins / 8, Long.parseLong(gap.asString().substring(0, 7)), "offsets stay what they were");
  }

  @Test
  void theResultOfAnExecHasTheBeginning(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon, "outputRetention", "64Ki");
    JsonPath result = sandbox.exec(lines(1 << 20), "id", "long", "maxOutput", 8000);
    assertTrue(result.getBoolean("stdoutTruncated"));
    String beginning = result.getString("stdout");
    assertEquals(8000, beginning.length());
    assertTrue(beginning.startsWith("0000000\n0000001\n"));
    assertTrue(beginning.endsWith("0000999\n"));
    keeps(sandbox, "long", 8 * MIB, 64 << 10);
  }

  @Test
  void whatIsNoTextIsInBase64(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    JsonPath result =
        sandbox.exec(List.of("sh", "-c", "printf '\\377\\376'; printf ok >&2"), "id", "bytes");
    assertEquals("base64", result.getString("encoding"));
    assertEquals("//4=", result.getString("stdout"));
    assertEquals("b2s=", result.getString("stderr"));
    assertEquals(2, sandbox.get("/processes/bytes/output").asByteArray().length);
    // A character that the limit cuts in two is left out, and makes the text no bytes.
    JsonPath cut = sandbox.exec(List.of("printf", "aé"), "maxOutput", 2);
    assertEquals("a", cut.getString("stdout"));
    assertEquals("utf-8", cut.getString("encoding"));
    assertTrue(cut.getBoolean("stdoutTruncated"));
  }
}
