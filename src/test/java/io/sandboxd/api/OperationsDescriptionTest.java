package io.sandboxd.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sandboxd.api.ApiDescription.Operation;
import io.sandboxd.sandbox.ErrorCode;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** openapi.yaml has the operations of the code, no others, and with the same parameters. */
class OperationsDescriptionTest {
  private static final List<Class<?>> RESOURCES =
      List.of(
          SandboxResource.class,
          ProcessResource.class,
          NetworkResource.class,
          RunResource.class,
          LinkResource.class,
          SystemResource.class,
          InfoResource.class);

  /** Served by the framework. */
  private static final Set<String> BUILT_IN =
      Set.of("GET /q/health/live", "GET /q/health/ready", "GET /q/metrics", "GET /q/openapi");

  /** Those that are no methods of a resource class. */
  private static final List<RawRoute> ROUTES =
      List.of(OutputRoute.ROUTE, InputRoute.ROUTE, StatsRoute.ROUTE, EventsRoute.ROUTE);

  private final ApiDescription description = ApiDescription.read();

  @Test
  void everyOperationIsInBoth() {
    Set<String> described = new TreeSet<>();
    description.operations().forEach(o -> described.add(key(o)));
    Set<String> written = new TreeSet<>(methods().keySet());
    written.addAll(BUILT_IN);
    ROUTES.forEach(route -> written.add(route.method() + " " + route.path()));
    assertEquals(written, described);
  }

  /** The gate lets through what is in its table, and the table has what there is, no more. */
  @Test
  void everyOperationIsChecked() {
    Set<String> checked =
        Endpoint.ALL.stream()
            .map(endpoint -> endpoint.method() + " " + endpoint.path())
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(Endpoint.ALL.size(), checked.size(), "one of them is there twice");
    Set<String> described = new TreeSet<>();
    description.operations().forEach(o -> described.add(key(o)));
    assertEquals(described, checked);
    for (Endpoint endpoint : Endpoint.ALL) {
      boolean ofASandbox = endpoint.path().contains("{" + Endpoint.SANDBOX + "}");
      assertEquals(ofASandbox, endpoint.right() == Endpoint.Right.OWNER, endpoint.path());
    }
  }

  @Test
  void everyResourceIsLookedAt() {
    Set<String> found =
        new com.tngtech.archunit.core.importer.ClassFileImporter()
            .importPackages("io.sandboxd").stream()
                .filter(c -> c.isAnnotatedWith(Path.class))
                .map(c -> c.getName())
                .collect(Collectors.toSet());
    assertEquals(RESOURCES.stream().map(Class::getName).collect(Collectors.toSet()), found);
  }

  @Test
  void parametersAreTheSame() {
    eachOperation(
        (method, operation) -> {
          Set<String> described = new TreeSet<>();
          for (JsonNode parameter : description.parameters(operation)) {
            described.add(parameter.path("in").asText() + " " + parameter.path("name").asText());
          }
          Set<String> written = new TreeSet<>();
          // What varies in the path is read once, where it is seen whether the caller may know it.
          java.util.regex.Pattern.compile("\\{(\\w+)}")
              .matcher(operation.path())
              .results()
              .forEach(varying -> written.add("path " + varying.group(1)));
          for (Parameter parameter : method.getParameters()) {
            assertNull(parameter.getAnnotation(PathParam.class), key(operation));
            Optional.ofNullable(parameter.getAnnotation(QueryParam.class))
                .ifPresent(q -> written.add("query " + q.value()));
            Optional.ofNullable(parameter.getAnnotation(HeaderParam.class))
                .ifPresent(h -> written.add("header " + h.value()));
          }
          assertEquals(written, described, key(operation));
        });
  }

  @Test
  void parametersOfRoutesAreTheSame() {
    for (RawRoute route : ROUTES) {
      Operation operation =
          description.operations().stream()
              .filter(o -> key(o).equals(route.method() + " " + route.path()))
              .findFirst()
              .orElseThrow();
      Set<String> described = new TreeSet<>();
      for (JsonNode parameter : description.parameters(operation)) {
        if (parameter.path("in").asText().equals("query")) {
          described.add(parameter.path("name").asText());
        }
      }
      assertEquals(new TreeSet<>(route.parameters()), described, key(operation));
    }
  }

  @Test
  void bodiesAreTheSame() {
    eachOperation(
        (method, operation) -> {
          JsonNode content = operation.tree().at("/requestBody/content");
          Optional<Class<?>> body = body(method);
          assertEquals(body.isPresent(), !content.isMissingNode(), key(operation));
          if (body.isPresent()) {
            assertEquals(
                new TreeSet<>(List.of(consumes(method).value())),
                new TreeSet<>(ApiDescription.names(content)),
                key(operation));
            String name =
                body.get() == JsonNode.class ? "SandboxPatch" : body.get().getSimpleName();
            for (JsonNode form : content) {
              assertEquals(
                  "#/components/schemas/" + name, form.at("/schema/$ref").asText(), key(operation));
            }
          }
        });
  }

  @Test
  void answersOfOneTypeAreTheSame() {
    eachOperation(
        (method, operation) -> {
          Class<?> type = method.getReturnType();
          if (type.isRecord()) {
            assertEquals(
                "#/components/schemas/" + SchemasDescriptionTest.nameOf(type),
                operation
                    .tree()
                    .at("/responses/200/content/application~1json/schema/$ref")
                    .asText(),
                key(operation));
          } else if (type == void.class) {
            assertTrue(operation.tree().at("/responses").has("204"), key(operation));
          }
        });
  }

  @Test
  void everyStatusOfAFailureIsDescribed() {
    String text = description.root().at("/components/responses/Failure/description").asText();
    Set<Integer> named =
        description.operations().stream()
            .flatMap(o -> ApiDescription.names(o.tree().path("responses")).stream())
            .filter(status -> !status.equals("default"))
            .map(Integer::valueOf)
            .collect(Collectors.toSet());
    for (ErrorCode code : ErrorCode.values()) {
      int status = ErrorStatus.of(code).status();
      assertTrue(named.contains(status) || text.contains("" + status), code + ": " + status);
    }
  }

  @Test
  void everyErrorCodeIsDescribed() {
    assertEquals(
        Arrays.stream(ErrorCode.values()).map(ErrorCode::word).collect(Collectors.toSet()),
        new LinkedHashSet<>(ApiDescription.texts(description.schema("ErrorCode").path("enum"))));
  }

  @Test
  void statusesOfTheFrameworkBecomeCodesOfTheSameStatus() {
    IntStream.of(400, 403, 404, 405, 406, 408, 413, 415, 416, 500, 503)
        .forEach(
            status -> assertEquals(status, ErrorStatus.of(ErrorStatus.codeOf(status)).status()));
  }

  private interface Check {
    void accept(Method method, Operation operation);
  }

  private void eachOperation(Check check) {
    Map<String, Method> methods = methods();
    for (Operation operation : description.operations()) {
      if (methods.containsKey(key(operation))) {
        check.accept(methods.get(key(operation)), operation);
      }
    }
  }

  private static String key(Operation operation) {
    return operation.method().toUpperCase(java.util.Locale.ROOT) + " " + operation.path();
  }

  private static Map<String, Method> methods() {
    Map<String, Method> methods = new TreeMap<>();
    for (Class<?> resource : RESOURCES) {
      for (Method method : resource.getDeclaredMethods()) {
        verb(method).ifPresent(verb -> methods.put(verb + " " + path(resource, method), method));
      }
    }
    return methods;
  }

  private static Optional<String> verb(Method method) {
    return Arrays.stream(method.getAnnotations())
        .map(annotation -> annotation.annotationType().getAnnotation(HttpMethod.class))
        .filter(java.util.Objects::nonNull)
        .map(HttpMethod::value)
        .findFirst();
  }

  private static String path(Class<?> resource, Method method) {
    String base = resource.getAnnotation(Path.class).value();
    Path own = method.getAnnotation(Path.class);
    return own == null ? base : base + "/" + own.value();
  }

  private static Optional<Class<?>> body(Method method) {
    return Arrays.stream(method.getParameters())
        .filter(parameter -> parameter.getAnnotations().length == 0)
        .<Class<?>>map(Parameter::getType)
        .findFirst();
  }

  private static Consumes consumes(Method method) {
    return method.isAnnotationPresent(Consumes.class)
        ? method.getAnnotation(Consumes.class)
        : method.getDeclaringClass().getAnnotation(Consumes.class);
  }
}
