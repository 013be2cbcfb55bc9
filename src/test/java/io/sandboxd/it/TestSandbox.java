package io.sandboxd.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.restassured.path.json.JsonPath;
import io.restassured.response.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A sandbox as a test speaks of it. */
final class TestSandbox {
  static final List<String> SLEEP = List.of("sleep", "1000");

  private final Daemon daemon;
  private final String path;

  private TestSandbox(Daemon daemon, String path) {
    this.daemon = daemon;
    this.path = path;
  }

  /** A map in the order of its arguments: name, value, name, value, … */
  static Map<String, Object> json(Object... namesAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      map.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return map;
  }

  static Response tryCreate(Daemon daemon, Map<String, ?> spec) {
    return daemon.given().body(spec).post("/v1/sandboxes");
  }

  /** Created, not started; its process sleeps if the spec has none. */
  static TestSandbox create(Daemon daemon, Object... namesAndValues) {
    Map<String, Object> spec = json(namesAndValues);
    spec.putIfAbsent("process", Map.of("args", SLEEP));
    Response answer = tryCreate(daemon, spec);
    assertEquals(201, answer.statusCode(), answer.asString());
    return new TestSandbox(daemon, answer.header("Location").replaceFirst("^https?://[^/]*", ""));
  }

  /** One that is there. */
  static TestSandbox named(Daemon daemon, String name) {
    return new TestSandbox(daemon, "/v1/sandboxes/" + name);
  }

  static TestSandbox started(Daemon daemon, Object... namesAndValues) {
    TestSandbox sandbox = create(daemon, namesAndValues);
    sandbox.post("/start").then().statusCode(200);
    return sandbox;
  }

  Response get(String below) {
    return daemon.given().get(path + below);
  }

  Response post(String below) {
    return daemon.given().post(path + below);
  }

  Response post(String below, Object body) {
    return daemon.given().body(body).post(path + below);
  }

  /**
   * For what is done a thousand times: a request by a client that costs next to nothing.
   *
   * @param body null: none
   * @return the answer's body; its status must be this one
   */
  String quick(int status, String method, String below, Map<String, ?> body) {
    try {
      byte[] json = body == null ? new byte[0] : new ObjectMapper().writeValueAsBytes(body);
      try (Exchange exchange =
          exchange(
              method,
              below,
              "Connection: close",
              "Content-Type: application/json",
              "Content-Length: " + json.length)) {
        String answer = exchange.write(json).readText();
        assertEquals(status, exchange.status(), answer);
        return answer;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Of its resource. */
  String path() {
    return path;
  }

  /** A request whose body and answer go piece by piece. */
  Exchange exchange(String method, String below, String... headers) {
    return Exchange.open(daemon.socket(), method, path + below, headers);
  }

  /** A body for a process's stdin, in chunks. */
  Exchange upload(String process, String query) {
    return exchange(
        "POST", "/processes/" + process + "/input" + query, "Transfer-Encoding: chunked");
  }

  /** What a process writes, as it comes. */
  Exchange follow(String process) {
    return exchange("GET", "/processes/" + process + "/output?follow=true");
  }

  /** A whole body for a process's stdin. */
  Response input(String process, String query, byte[] body) {
    return daemon
        .given()
        .contentType("application/octet-stream")
        .body(body)
        .post(path + "/processes/" + process + "/input" + query);
  }

  Response input(String process, String query, String body) {
    return input(process, query, body.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  /** What it has written so far. */
  String output(String process) {
    return get("/processes/" + process + "/output").then().statusCode(200).extract().asString();
  }

  Response patch(Object body) {
    return daemon.given().body(body).patch(path);
  }

  Response delete() {
    return daemon.given().delete(path + "?force=true");
  }

  JsonPath inspect() {
    return get("").then().statusCode(200).extract().jsonPath();
  }

  String state() {
    return inspect().getString("state");
  }

  String id() {
    return inspect().getString("id");
  }

  int initPid() {
    return inspect().getInt("pid");
  }

  /** Runs a command and waits; more fields of the request may follow. */
  JsonPath exec(List<String> args, Object... namesAndValues) {
    Map<String, Object> request = json(namesAndValues);
    request.put("args", args);
    request.put("wait", true);
    Response answer = post("/exec", request);
    assertEquals(200, answer.statusCode(), answer.asString());
    return answer.jsonPath();
  }

  /** What a shell script prints, which must succeed. */
  String sh(String script, Object... namesAndValues) {
    JsonPath result = exec(List.of("sh", "-c", script), namesAndValues);
    assertEquals(0, result.getInt("exit.code"), result.prettify());
    return result.getString("stdout").strip();
  }

  /** Runs a command in the background. */
  JsonPath spawn(String id, List<String> args, Object... namesAndValues) {
    Map<String, Object> request = json(namesAndValues);
    request.put("id", id);
    request.put("args", args);
    return post("/exec", request).then().statusCode(201).extract().jsonPath();
  }

  JsonPath awaitProcess(String id) {
    return get("/processes/" + id + "/wait").then().statusCode(200).extract().jsonPath();
  }

  /** The namespace that a process of the host is in, as /proc shows it. */
  static long namespaceOf(long pid, String procName) {
    try {
      String link =
          java.nio.file.Files.readSymbolicLink(
                  java.nio.file.Path.of("/proc/" + pid + "/ns/" + procName))
              .toString();
      return Long.parseLong(link.replaceAll("\\D", ""));
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Runs a program of the host, for an independent look. */
  static String host(String... command) {
    try {
      Process process =
          new ProcessBuilder(new ArrayList<>(List.of(command))).redirectErrorStream(true).start();
      String output =
          new String(
              process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
      assertEquals(0, process.waitFor(), output);
      return output.strip();
    } catch (java.io.IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
