package io.sandboxd.it;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.oneOf;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import io.sandboxd.api.ApiDescription;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What every client meets: HTTP on the socket and nowhere else, and a problem for every failure.
 */
@ExtendWith(LeakCheck.class)
class ServingIT {
  private static final int MAX_BODY = 1 << 20;

  @Test
  void answersHealthMetricsAndInfo(Daemon daemon) {
    daemon.given().get("/q/health/live").then().statusCode(200).body("status", equalTo("UP"));
    daemon
        .given()
        .get("/q/health/ready")
        .then()
        .statusCode(200)
        .body("checks.name", hasItem("sandboxes recovered"));
    // Those of the daemon itself come a moment after it serves.
    await("the metrics of the JVM")
        .until(() -> daemon.given().get("/q/metrics").asString().contains("jvm_memory_used_bytes"));
    daemon
        .given()
        .get("/q/metrics")
        .then()
        .statusCode(200)
        .body(containsString("process_cpu_usage"))
        .body(containsString("http_server_active_connections"));
    daemon
        .given()
        .get("/v1/info")
        .then()
        .statusCode(200)
        .body("version", notNullValue())
        .body("kernel", equalTo(System.getProperty("os.version")))
        .body("cgroup.mode", oneOf("unified", "hybrid", "legacy"))
        .body("cgroup.root", equalTo(daemon.cgroupRoot()))
        .body("namespaces", hasItems("mount", "pid", "network", "ipc", "uts", "user", "cgroup"))
        .body("limits.maxBody", equalTo(MAX_BODY))
        .body("limits.maxOutput", greaterThan(1000));
  }

  @Test
  void servesItsDescriptionAsItIsInTheSources(Daemon daemon) throws IOException {
    String served = daemon.given().accept("application/yaml").get("/q/openapi").asString();
    assertEquals(ApiDescription.read().root(), new YAMLMapper().readTree(served));
    String json = daemon.given().accept("application/json").get("/q/openapi").asString();
    assertEquals(ApiDescription.read().root(), new JsonMapper().readTree(json));
    daemon.given().head("/q/openapi").then().statusCode(200);
  }

  @Test
  void refusesParametersThatThereAreNot(Daemon daemon) {
    problem(daemon.given().get("/v1/sandboxes?lable=a").then(), 400, "invalid_spec")
        .body("field", equalTo("lable"));
    problem(daemon.given().body("{}").post("/v1/sandboxes?start=yes").then(), 400, "invalid_spec")
        .body("field", equalTo("start"));
    problem(daemon.given().get("/v1/sandboxes?state=runing").then(), 400, "invalid_spec")
        .body("field", equalTo("state"));
  }

  @Test
  void recordsWhoAsked(Daemon daemon) {
    String sandbox = "{\"name\": \"victim\", \"process\": {\"args\": [\"sleep\", \"60\"]}}";
    daemon.given().body(sandbox).post("/v1/sandboxes?start=true").then().statusCode(201);
    daemon
        .given()
        .body("{\"signal\": \"TERM\"}")
        .post("/v1/sandboxes/victim/kill")
        .then()
        .statusCode(204);
    daemon
        .given()
        .get("/v1/sandboxes/victim/wait?timeout=30s")
        .then()
        .statusCode(200)
        .body("exit.reason", equalTo("killed"))
        .body("exit.signal", equalTo("TERM"))
        .body("exit.killedBy", equalTo("uid 0"));
  }

  @Test
  void listensOnNoNetwork(Daemon daemon) throws IOException {
    // The tables are of the network namespace; whose the sockets are, the descriptors tell.
    List<String> sockets = socketsOf(daemon.pid());
    for (String table : List.of("tcp", "tcp6", "udp", "udp6", "raw", "raw6")) {
      for (String inode : inodes(Path.of("/proc/" + daemon.pid() + "/net/" + table))) {
        assertTrue(!sockets.contains(inode), "a socket in " + table);
      }
    }
    assertTrue(sockets.size() > 0, "its Unix sockets can be seen");
  }

  @Test
  void socketIsForItsGroupAlone(Daemon daemon) throws IOException {
    assertEquals("rw-rw----", permissions(daemon.socket()));
  }

  @Test
  void pagesOfForeignHostsAreRefused(Daemon daemon) {
    for (String path : List.of("/v1/info", "/v1/sandboxes", "/q/health/live", "/q/metrics", "/")) {
      problem(
              daemon.given().header("Host", "evil.example:8080").get(path).then(),
              403,
              "not_permitted")
          .body("detail", containsString("evil.example:8080"));
      problem(
          daemon.given().header("Origin", "http://evil.example").get(path).then(),
          403,
          "not_permitted");
      // As an image in a page is asked for, with no Origin.
      problem(
          daemon.given().header("Sec-Fetch-Site", "cross-site").get(path).then(),
          403,
          "not_permitted");
    }
    String form =
        "POST /v1/sandboxes HTTP/1.1\r\nHost: localhost:8080\r\nOrigin: null\r\n"
            + "Content-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    assertTrue(RawHttp.exchange(daemon.socket(), form).startsWith("HTTP/1.1 403 "));
    String two =
        "GET /v1/info HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assertFalse(RawHttp.exchange(daemon.socket(), two).contains(" 200 "), "two hosts");
    daemon.given().get("/v1/sandboxes").then().body("sandboxes.size()", equalTo(0));
  }

  @Test
  void hostsOfClientsAreServed(Daemon daemon) {
    for (String host : List.of("localhost:8080", "127.0.0.1:8080", "[::1]:1", "d", "sandboxd")) {
      daemon.given().header("Host", host).get("/v1/info").then().statusCode(200);
    }
    daemon
        .given()
        .header("Host", "localhost:8080")
        .header("Origin", "http://localhost:8080")
        .header("Sec-Fetch-Site", "same-origin")
        .get("/v1/info")
        .then()
        .statusCode(200);
    for (String request :
        List.of(
            "GET /v1/info HTTP/1.0\r\n\r\n",
            "GET /v1/info HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n")) {
      String answer = RawHttp.exchange(daemon.socket(), request);
      assertTrue(answer.contains(" 200 OK\r\n"), answer);
    }
  }

  @Test
  void unknownPathIsNotFound(Daemon daemon) {
    for (String path : List.of("/", "/nope", "/v1/nope", "/v1/sandboxes/none", "/q/nope")) {
      problem(daemon.given().get(path).then(), 404, "not_found");
    }
  }

  @Test
  void wrongMethodIsRefused(Daemon daemon) {
    problem(daemon.given().put("/v1/info").then(), 405, "method_not_allowed");
    problem(daemon.given().delete("/v1/sandboxes").then(), 405, "method_not_allowed");
  }

  @Test
  void otherRepresentationsAreRefused(Daemon daemon) {
    problem(daemon.given().accept("text/html").get("/v1/info").then(), 406, "not_acceptable");
    problem(
        daemon.given().contentType(ContentType.TEXT).body("{}").post("/v1/sandboxes").then(),
        415,
        "unsupported_media_type");
  }

  @Test
  void brokenJsonIsMalformedAndSaysWhere(Daemon daemon) {
    problem(daemon.given().body("{\n  \"name\": }").post("/v1/sandboxes").then(), 400, "malformed")
        .body("detail", containsString("line 2, column 1"));
    problem(daemon.given().body("").post("/v1/sandboxes").then(), 400, "malformed");
    problem(daemon.given().body("null").post("/v1/sandboxes").then(), 400, "malformed");
  }

  @Test
  void unknownFieldIsRefusedWithItsPath(Daemon daemon) {
    problem(
            daemon.given().body("{\"root\":{\"pat\":\"/\"}}").post("/v1/sandboxes").then(),
            400,
            "invalid_spec")
        .body("field", equalTo("root.pat"));
  }

  @Test
  void tooLongABodyIsRefused(Daemon daemon) {
    String longest = " ".repeat(MAX_BODY);
    problem(
            daemon.given().body(longest + " ").post("/v1/sandboxes").then(),
            413,
            "payload_too_large")
        .body("detail", containsString(Integer.toString(MAX_BODY)));
    problem(daemon.given().body(longest).post("/v1/sandboxes").then(), 400, "malformed");
  }

  @Test
  void endlessBodyIsRefusedBeforeItsEnd(Daemon daemon) {
    String chunk = "10000\r\n" + " ".repeat(0x10000) + "\r\n";
    String answer =
        RawHttp.exchange(
            daemon.socket(),
            "POST /v1/sandboxes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n"
                + chunk.repeat(MAX_BODY / 0x10000 + 1));
    assertTrue(answer.startsWith("HTTP/1.1 413 "), answer);
    assertTrue(answer.contains("\"code\":\"payload_too_large\""), answer);
  }

  @Test
  void brokenHttpIsRefused(Daemon daemon) {
    for (String request :
        List.of(
            "\0\1garbage\r\n\r\n",
            "GET /v1/info\r\n\r\n",
            "GET /v1/info HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            "GET /v1/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /v1/info HTTP/1.1\r\n\r\n")) {
      String answer = RawHttp.exchange(daemon.socket(), request);
      assertTrue(answer.contains(" 400 Bad Request\r\n"), request + ": " + answer);
      assertTrue(answer.contains("\"code\":\"malformed\""), request + ": " + answer);
    }
    String answer =
        RawHttp.exchange(
            daemon.socket(),
            "GET /v1/info HTTP/1.1\r\nHost: x\r\nX: " + "a".repeat(40_000) + "\r\n\r\n");
    assertTrue(answer.contains(" 431 "), answer);
    assertTrue(answer.contains("\"code\":\"payload_too_large\""), answer);
  }

  private static ValidatableResponse problem(
      ValidatableResponse response, int status, String code) {
    return response
        .statusCode(status)
        .contentType(startsWith("application/problem+json"))
        .body("type", equalTo("urn:sandboxd:problem:" + code))
        .body("title", notNullValue())
        .body("status", equalTo(status))
        .body("detail", notNullValue())
        .body("code", equalTo(code));
  }

  private static String permissions(Path path) throws IOException {
    return java.nio.file.attribute.PosixFilePermissions.toString(
        Files.getPosixFilePermissions(path));
  }

  private static List<String> socketsOf(long pid) throws IOException {
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return descriptors
          .map(ServingIT::target)
          .filter(target -> target.startsWith("socket:["))
          .map(target -> target.replaceAll("\\D", ""))
          .toList();
    }
  }

  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException e) {
      return "";
    }
  }

  /** The column inode of a table in /proc/PID/net. */
  private static List<String> inodes(Path table) {
    return HostCgroups.lines(table).stream()
        .skip(1)
        .map(line -> line.strip().split("\\s+")[9])
        .toList();
  }
}
