package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.notNullValue;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Input that is wrong, odd or hostile: a 4xx problem that names the field, and nothing is left
 * behind.
 */
@ExtendWith(LeakCheck.class)
class BadInputIT {
  static Stream<Arguments> specs() {
    return Stream.of(
        Arguments.of("nmae", "{\"nmae\":\"x\"}"),
        Arguments.of("process.arg", "{\"process\":{\"arg\":[\"x\"]}}"),
        Arguments.of("resources.memory.maxx", "{\"resources\":{\"memory\":{\"maxx\":1}}}"),
        Arguments.of("name", "{\"name\":5}"),
        Arguments.of("process.args", "{\"process\":{\"args\":\"sleep\"}}"),
        Arguments.of("process.args[1]", "{\"process\":{\"args\":[\"sleep\",1]}}"),
        Arguments.of("process.tty", "{\"process\":{\"args\":[\"x\"],\"tty\":\"yes\"}}"),
        Arguments.of("name", "{\"name\":\"../../etc\"}"),
        Arguments.of("name", "{\"name\":\"a/b\"}"),
        Arguments.of("name", "{\"name\":\"..\"}"),
        Arguments.of("name", "{\"name\":\"" + "x".repeat(64) + "\"}"),
        Arguments.of("name", "{\"name\":\"\"}"),
        Arguments.of("process.args", "{\"process\":{\"args\":[]}}"),
        Arguments.of("process.args[0]", "{\"process\":{\"args\":[\"\"]}}"),
        Arguments.of("process.args[1]", "{\"process\":{\"args\":[\"a\",\"b\\u0000c\"]}}"),
        Arguments.of("process.cwd", "{\"process\":{\"args\":[\"a\"],\"cwd\":\"relative\"}}"),
        Arguments.of("process.umask", "{\"process\":{\"args\":[\"a\"],\"umask\":512}}"),
        Arguments.of(
            "process.capabilities[0]",
            "{\"process\":{\"args\":[\"a\"],\"capabilities\":[\"CAP_ALL\"]}}"),
        Arguments.of("resources.memory.max", "{\"resources\":{\"memory\":{\"max\":-1}}}"),
        Arguments.of("resources.memory.max", "{\"resources\":{\"memory\":{\"max\":\"64X\"}}}"),
        Arguments.of(
            "resources.memory.max", "{\"resources\":{\"memory\":{\"max\":99999999999999999999}}}"),
        Arguments.of("resources.pids.max", "{\"resources\":{\"pids\":{\"max\":0}}}"),
        Arguments.of("resources.cpu.max", "{\"resources\":{\"cpu\":{\"max\":0}}}"),
        Arguments.of("root.path", "{\"root\":{\"path\":\"relative\"}}"),
        Arguments.of("root.path", "{\"root\":{\"path\":\"/nowhere\"}}"),
        Arguments.of("root.path", "{\"root\":{\"path\":\"/tmp\\u0000/x\"}}"),
        Arguments.of(
            "mounts[0].source", "{\"mounts\":[{\"destination\":\"/x\",\"source\":\"/nowhere\"}]}"),
        Arguments.of(
            "mounts[0].destination", "{\"mounts\":[{\"destination\":\"x\",\"type\":\"tmpfs\"}]}"),
        Arguments.of("mounts[0].type", "{\"mounts\":[{\"destination\":\"/x\",\"type\":\"ext4\"}]}"),
        Arguments.of("namespaces.net", "{\"namespaces\":{\"net\":\"new\"}}"),
        Arguments.of("namespaces.pid", "{\"namespaces\":{\"pid\":\"own\"}}"),
        Arguments.of(
            "namespaces.pid.sandbox",
            "{\"namespaces\":{\"default\":\"host\",\"pid\":{\"sandbox\":\"nobody\"}}}"),
        Arguments.of("hostname", "{\"namespaces\":{\"uts\":\"host\"},\"hostname\":\"x\"}"),
        Arguments.of(
            "timeOffsets",
            "{\"namespaces\":{\"time\":\"host\"},\"timeOffsets\":{\"boottime\":\"1d\"}}"));
  }

  @ParameterizedTest
  @MethodSource("specs")
  void aSpecThatCannotBe(String field, String body, Daemon daemon) {
    daemon
        .given()
        .body(body)
        .post("/v1/sandboxes")
        .then()
        .statusCode(400)
        .contentType("application/problem+json")
        .body("code", equalTo("invalid_spec"))
        .body("field", equalTo(field))
        .body("detail", notNullValue());
    daemon.given().get("/v1/sandboxes").then().body("sandboxes.size()", equalTo(0));
  }

  @ParameterizedTest
  @MethodSource("notJson")
  void whatIsNotJson(String body, Daemon daemon) {
    daemon
        .given()
        .body(body)
        .post("/v1/sandboxes")
        .then()
        .statusCode(400)
        .body("code", equalTo("malformed"));
  }

  static Stream<String> notJson() {
    return Stream.of(
        "{", "{\"name\":}", "{\"name\":\"x\"", "\u0000", "nonsense", "{\"labels\":{\"a\"");
  }

  @Test
  void aBodyThatIsTooLong(Daemon daemon) {
    String body = "{\"name\":\"" + "x".repeat(2 << 20) + "\"}";
    daemon
        .given()
        .body(body)
        .post("/v1/sandboxes")
        .then()
        .statusCode(413)
        .body("code", equalTo("payload_too_large"));
  }

  @Test
  void longArgumentsWork(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    String argument = "x".repeat(10_000);
    assertEquals(argument, sandbox.exec(List.of("printf", "%s", argument)).getString("stdout"));
    String longest = "y".repeat(131_071);
    assertEquals(
        "131071",
        sandbox
            .exec(List.of("sh", "-c", "printf %s \"${#1}\"", "sh", longest))
            .getString("stdout"));
    sandbox
        .post("/exec", json("args", List.of("true", "z".repeat(131_072))))
        .then()
        .statusCode(400)
        .body("field", equalTo("args[1]"));
  }

  @Test
  void oddTextsGoThrough(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    String odd = "a'b\"c\\d $x `y` \n\t äöü 𝄞";
    assertEquals(odd, sandbox.exec(List.of("printf", "%s", odd)).getString("stdout"));
    assertEquals(
        odd,
        sandbox
            .exec(List.of("printenv", "ODD"), "env", json("ODD", odd))
            .getString("stdout")
            .replaceFirst("\n$", ""));
  }

  @Test
  void unknownThingsAreNotFound(Daemon daemon) {
    daemon
        .given()
        .get("/v1/sandboxes/none")
        .then()
        .statusCode(404)
        .body("code", equalTo("not_found"));
    daemon.given().delete("/v1/sandboxes/none").then().statusCode(404);
    daemon
        .given()
        .body("{\"args\":[\"x\"]}")
        .post("/v1/sandboxes/none/exec")
        .then()
        .statusCode(404);
    daemon
        .given()
        .get("/v1/nothing")
        .then()
        .statusCode(404)
        .contentType("application/problem+json");
  }

  @Test
  void aKillThatMakesNoSense(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox
        .post("/kill", json("signal", "NOPE"))
        .then()
        .statusCode(400)
        .body("field", equalTo("signal"));
    sandbox
        .post("/kill", json("signal", 65))
        .then()
        .statusCode(400)
        .body("field", equalTo("signal"));
    sandbox.post("/kill", json("signal", "TERM", "process", "none")).then().statusCode(404);
    TestSandbox idle = TestSandbox.create(daemon);
    idle.post("/kill", json())
        .then()
        .statusCode(404)
        .body("detail", containsString("never started"));
  }

  /** A start that fails in one request with the create leaves no sandbox behind. */
  @Test
  void createAndStartIsOneThing(Daemon daemon, Leaks leaks) throws Exception {
    daemon
        .given()
        .body(json("name", "whole", "process", json("args", List.of("/no/such/command"))))
        .post("/v1/sandboxes?start=true")
        .then()
        .statusCode(422)
        .body("step", equalTo("execve"))
        .body("exitCode", equalTo(127));
    daemon.given().get("/v1/sandboxes/whole").then().statusCode(404);
    leaks.check();
  }
}
