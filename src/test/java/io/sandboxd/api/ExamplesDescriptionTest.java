package io.sandboxd.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sandboxd.api.ApiDescription.Operation;
import io.sandboxd.sandbox.ExecRequest;
import io.sandboxd.sandbox.KillRequest;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.json.SpecJson;
import io.sandboxd.sandbox.rules.SpecValidator;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The examples of openapi.yaml are as its schemas ask for, and the daemon would take them. */
class ExamplesDescriptionTest {
  private static final Map<String, Class<?>> REQUESTS =
      Map.of(
          "SandboxSpec", SandboxSpec.class,
          "ExecRequest", ExecRequest.class,
          "KillRequest", KillRequest.class,
          "ProcessKill", ProcessResource.ProcessKill.class);

  private final ApiDescription description = ApiDescription.read();
  private final SpecValidator validator = new SpecValidator();

  @Test
  void requestsWouldBeTaken() {
    int seen = 0;
    for (Operation operation : description.operations()) {
      for (JsonNode content : operation.tree().at("/requestBody/content")) {
        for (Map.Entry<String, JsonNode> example : content.path("examples").properties()) {
          JsonNode value = example.getValue().path("value");
          assertEquals(
              List.of(), description.faults(value, content.path("schema")), example.getKey());
          take(content.at("/schema/$ref").asText(), value);
          seen++;
        }
      }
    }
    assertTrue(seen >= 10, "there are examples: " + seen);
  }

  private void take(String reference, JsonNode value) {
    Class<?> type = REQUESTS.get(reference.replace("#/components/schemas/", ""));
    if (type == null) {
      return;
    }
    Object request = SpecJson.read(value.toString().getBytes(StandardCharsets.UTF_8), type);
    if (request instanceof SandboxSpec spec) {
      validator.check(spec);
    } else if (request instanceof ExecRequest exec) {
      validator.check(
          exec, SpecJson.read("{}".getBytes(StandardCharsets.UTF_8), SandboxSpec.class));
    } else if (request instanceof KillRequest kill) {
      validator.check(kill);
    }
  }

  @Test
  void problemsAreProblems() {
    for (JsonNode response : description.root().at("/components/responses")) {
      JsonNode content = response.at("/content/application~1problem+json");
      for (Map.Entry<String, JsonNode> example : content.path("examples").properties()) {
        JsonNode value = example.getValue().path("value");
        assertEquals(
            List.of(), description.faults(value, content.path("schema")), example.getKey());
        Problem same = Problem.of(code(value), value.path("detail").asText());
        assertEquals(same.status(), value.path("status").asInt(), example.getKey());
        JsonNode written = SpecJson.toTree(SpecJson.readTree(same.json()));
        for (String field : List.of("type", "title")) {
          assertEquals(written.path(field), value.path(field), example.getKey());
        }
      }
    }
  }

  private static io.sandboxd.sandbox.ErrorCode code(JsonNode problem) {
    return io.sandboxd.sandbox.ErrorCode.valueOf(
        problem.path("code").asText().toUpperCase(java.util.Locale.ROOT));
  }

  @Test
  void aWrongValueIsFound() {
    JsonNode schema =
        description
            .root()
            .at("/paths/~1v1~1sandboxes/post/requestBody/content/application~1json/schema");
    JsonNode wrong = SpecJson.readTree("{\"nmae\":\"a\"}".getBytes(StandardCharsets.UTF_8));
    assertEquals(1, description.faults(wrong, schema).size());
  }
}
