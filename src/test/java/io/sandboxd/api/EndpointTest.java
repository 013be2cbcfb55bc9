package io.sandboxd.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.http.HttpMethod;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointTest {
  private static Endpoint of(HttpMethod method, String path) {
    return Endpoint.of(method, Endpoint.at(path)).orElseThrow();
  }

  @Test
  void aPathIsTakenApart() {
    String path = "/v1/sandboxes/web/processes/p1/output";
    Endpoint output = of(HttpMethod.GET, path);
    assertEquals("/v1/sandboxes/{name}/processes/{process}/output", output.path());
    assertEquals(Map.of("name", "web", "process", "p1"), output.values(path));
  }

  @Test
  void theMethodDecides() {
    String path = "/v1/sandboxes/web";
    assertEquals(
        List.of(HttpMethod.GET, HttpMethod.PATCH, HttpMethod.DELETE),
        Endpoint.at(path).stream().map(Endpoint::method).toList());
    assertEquals(of(HttpMethod.GET, path), of(HttpMethod.HEAD, path));
    for (String other : List.of("OPTIONS", "PUT", "get", "TRACE", "CONNECT")) {
      assertTrue(Endpoint.of(HttpMethod.valueOf(other), Endpoint.at(path)).isEmpty(), other);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "*",
        "null",
        "v1/info",
        "/v1/info/",
        "//v1/info",
        "/v1//info",
        "/V1/info",
        "/v1/%69nfo",
        "/v1/info;a=b",
        "/v1/info%2f",
        "/v1/sandboxes/..",
        "/v1/sandboxes/.",
        "/v1/sandboxes/%2e%2e",
        "/v1/sandboxes/-",
        "/v1/sandboxes/a b",
        "/v1/sandboxes/a\n",
        "/v1/sandboxes/{name}",
        "/v1/sandboxes/web/processes/",
        "/v1/sandboxes/web/processes//output",
        "/v1/sandboxes/../system/leaks",
        "/q/metrics/x",
        "/q/health",
        "http://localhost/v1/info"
      })
  void whatIsWrittenInAnyOtherWayIsNothing(String path) {
    assertEquals(List.of(), Endpoint.at(path));
  }
}
