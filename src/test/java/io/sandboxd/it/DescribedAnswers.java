package io.sandboxd.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.restassured.filter.Filter;
import io.restassured.filter.FilterContext;
import io.restassured.response.Response;
import io.restassured.specification.FilterableRequestSpecification;
import io.restassured.specification.FilterableResponseSpecification;
import io.sandboxd.api.ApiDescription;
import io.sandboxd.api.ApiDescription.Operation;
import java.net.URI;
import java.util.List;

/** Holds every answer that any test gets against openapi.yaml. */
final class DescribedAnswers implements Filter {
  private static final ApiDescription DESCRIPTION = ApiDescription.read();
  private static final ObjectMapper JSON = new ObjectMapper();

  @Override
  public Response filter(
      FilterableRequestSpecification request,
      FilterableResponseSpecification expected,
      FilterContext context) {
    Response response = context.next(request, expected);
    // Read whole now: the connection ends with it.
    byte[] body = response.asByteArray();
    String path = URI.create(request.getURI()).getRawPath();
    DESCRIPTION
        .find(request.getMethod(), path)
        .ifPresent(operation -> check(operation, response, body.length));
    return response;
  }

  private static void check(Operation operation, Response response, int length) {
    String what =
        "%s %s answers %d %s"
            .formatted(
                operation.method(), operation.path(), response.statusCode(), response.asString());
    JsonNode described = DESCRIPTION.response(operation, response.statusCode());
    assertFalse(described.isMissingNode(), what + ", which is not described");
    assertTrue(
        response.statusCode() >= 400
            || operation.tree().path("responses").has("" + response.statusCode()),
        what + ", which is not described");
    JsonNode content = described.path("content");
    if (content.isMissingNode()) {
      assertEquals(0, length, what);
      return;
    }
    String type = response.contentType().replaceFirst(";.*", "");
    assertTrue(content.has(type), what + " as " + type);
    JsonNode schema = content.path(type).path("schema");
    if (!schema.isMissingNode()) {
      assertEquals(List.of(), DESCRIPTION.faults(parse(response.asString()), schema), what);
    }
  }

  private static JsonNode parse(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError(text, e);
    }
  }
}
