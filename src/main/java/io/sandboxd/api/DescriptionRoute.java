package io.sandboxd.api;

import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** Serves openapi.yaml, which is written by hand, as it is; or in JSON to who asks for that. */
@Singleton
final class DescriptionRoute {
  private static final String FILE = "/META-INF/openapi.yaml";

  /** Made when it is first asked for. */
  private static final class Parser {
    static final YAMLMapper YAML = new YAMLMapper();
  }

  void register(@Observes Router router) {
    router
        .route("/q/openapi")
        .method(HttpMethod.GET)
        .method(HttpMethod.HEAD)
        .blockingHandler(this::answer);
  }

  private void answer(RoutingContext context) {
    String accept = context.request().getHeader(HttpHeaders.ACCEPT);
    boolean json = accept != null && accept.contains("application/json");
    String type = json ? "application/json" : "application/yaml";
    context.response().putHeader(HttpHeaders.CONTENT_TYPE, type + ";charset=UTF-8");
    try (InputStream file = DescriptionRoute.class.getResourceAsStream(FILE)) {
      byte[] yaml = file.readAllBytes();
      context.end(
          json ? Buffer.buffer(Parser.YAML.readTree(yaml).toString()) : Buffer.buffer(yaml));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
