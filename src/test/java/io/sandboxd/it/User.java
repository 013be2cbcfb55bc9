package io.sandboxd.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sandboxd.api.ApiDescription;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** Somebody else than root who uses the API: curl under other ids (setpriv of util-linux). */
final class User {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ApiDescription DESCRIPTION = ApiDescription.read();
  private static final int NOT_PERMITTED = 403;

  /** What came back. */
  record Answer(int status, String body) {
    JsonNode json() {
      try {
        return JSON.readTree(body);
      } catch (IOException e) {
        throw new AssertionError(body, e);
      }
    }

    Answer expect(int wanted) {
      assertEquals(wanted, status, body);
      return this;
    }

    /** That it was refused, on account of this field and setting. */
    void refused(String field, String rule) {
      expect(NOT_PERMITTED);
      assertEquals("not_permitted", json().path("code").asText(), body);
      assertEquals(field, json().path("field").asText(), body);
      assertEquals("sandboxd." + rule, json().path("rule").asText(), body);
      assertEquals(
          List.of(),
          DESCRIPTION.faults(
              json(), JSON.createObjectNode().put("$ref", "#/components/schemas/Problem")));
    }
  }

  private final Daemon daemon;
  private final List<String> become;

  private User(Daemon daemon, List<String> become) {
    this.daemon = daemon;
    this.become = become;
  }

  /**
   * Needs setpriv(1) and curl(1); without them the test is skipped.
   *
   * @param groups supplementary ones
   */
  static User of(Daemon daemon, long uid, long gid, long... groups) {
    for (String program : List.of("setpriv", "curl")) {
      assumeTrue(isThere(program), "there is no " + program + " here: skipped");
    }
    List<String> become = new ArrayList<>(List.of("setpriv", "--reuid=" + uid, "--regid=" + gid));
    String list = LongStream.of(groups).mapToObj(Long::toString).collect(Collectors.joining(","));
    become.add(groups.length == 0 ? "--clear-groups" : "--groups=" + list);
    return new User(daemon, become);
  }

  private static boolean isThere(String program) {
    return Arrays.stream(System.getenv("PATH").split(":"))
        .anyMatch(
            directory ->
                java.nio.file.Files.isExecutable(java.nio.file.Path.of(directory, program)));
  }

  Answer get(String path) {
    return curl(path);
  }

  Answer delete(String path) {
    return curl(path, "-X", "DELETE");
  }

  Answer post(String path) {
    return curl(path, "-X", "POST");
  }

  Answer post(String path, Map<String, ?> body) {
    return curl(path, "-X", "POST", "-H", "Content-Type: application/json", "-d", text(body));
  }

  Answer patch(String path, Map<String, ?> body) {
    return curl(path, "-X", "PATCH", "-H", "Content-Type: application/json", "-d", text(body));
  }

  private static String text(Map<String, ?> body) {
    try {
      return JSON.writeValueAsString(body);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Asks for what goes on, until it is destroyed. */
  Process follow(String path) {
    try {
      return new ProcessBuilder(command(path, "-N"))
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<String> command(String path, String... options) {
    List<String> command = new ArrayList<>(become);
    command.addAll(List.of("curl", "-sS", "--path-as-is", "--max-time", "120"));
    command.addAll(List.of("--unix-socket", daemon.socket().toString()));
    command.addAll(List.of(options));
    command.add("http://localhost" + path);
    return command;
  }

  /** The path goes as it is. */
  Answer curl(String path, String... options) {
    List<String> command = command(path, options);
    command.addAll(1 + command.indexOf("curl"), List.of("-w", "\n%{http_code}"));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String all =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      process.waitFor();
      int end = all.lastIndexOf('\n');
      return new Answer(
          Integer.parseInt(all.substring(end + 1)), end < 0 ? "" : all.substring(0, end));
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
