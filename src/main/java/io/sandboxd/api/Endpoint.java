package io.sandboxd.api;

import static io.sandboxd.api.Endpoint.Right.ADMIN;
import static io.sandboxd.api.Endpoint.Right.ANYONE;
import static io.sandboxd.api.Endpoint.Right.OWNER;

import io.sandboxd.sandbox.SandboxSpec;
import io.vertx.core.http.HttpMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What can be asked, and by whom: the one table of it. What is not here is not served, whatever
 * code there is.
 *
 * @param path with {@code {name}} for what varies, as in the API's description
 */
record Endpoint(HttpMethod method, String path, Right right) {
  /** Who may. */
  enum Right {
    /** Whoever can connect; what the answer has is still only what the caller may know. */
    ANYONE,
    /** Whose sandbox it is; for others there is none. */
    OWNER,
    /** Root, and members of the admin group. */
    ADMIN
  }

  /** The parameter that is a sandbox, by name or id. */
  static final String SANDBOX = "name";

  /** The parameter that is a process of it. */
  static final String PROCESS = "process";

  private static final String ONE = "/v1/sandboxes/{name}";
  private static final String PROCESSES = ONE + "/processes";
  private static final String ONE_PROCESS = PROCESSES + "/{process}";

  /** What a parameter can be, so that no path can be read in two ways. */
  private static final Pattern VALUE = Pattern.compile(SandboxSpec.NAME);

  static final List<Endpoint> ALL =
      List.of(
          get("/v1/info", ANYONE),
          get("/v1/events", ANYONE),
          post("/v1/run", ANYONE),
          get("/v1/sandboxes", ANYONE),
          post("/v1/sandboxes", ANYONE),
          get(ONE, OWNER),
          new Endpoint(HttpMethod.PATCH, ONE, OWNER),
          new Endpoint(HttpMethod.DELETE, ONE, OWNER),
          post(ONE + "/start", OWNER),
          post(ONE + "/kill", OWNER),
          post(ONE + "/pause", OWNER),
          post(ONE + "/resume", OWNER),
          post(ONE + "/exec", OWNER),
          get(ONE + "/wait", OWNER),
          get(ONE + "/stats", OWNER),
          get(ONE + "/namespaces", OWNER),
          get(ONE + "/security", OWNER),
          get(PROCESSES, OWNER),
          get(ONE_PROCESS, OWNER),
          get(ONE_PROCESS + "/wait", OWNER),
          get(ONE_PROCESS + "/output", OWNER),
          post(ONE_PROCESS + "/input", OWNER),
          post(ONE_PROCESS + "/kill", OWNER),
          post(ONE_PROCESS + "/resize", OWNER),
          get("/v1/networks", ANYONE),
          post("/v1/networks", ADMIN),
          get("/v1/networks/{network}", ANYONE),
          new Endpoint(HttpMethod.DELETE, "/v1/networks/{network}", ADMIN),
          get("/v1/links", ANYONE),
          post("/v1/links", ANYONE),
          get("/v1/links/{link}", ANYONE),
          new Endpoint(HttpMethod.DELETE, "/v1/links/{link}", ANYONE),
          get("/v1/system/leaks", ADMIN),
          post("/v1/system/leaks/reap", ADMIN),
          get("/q/health/live", ANYONE),
          get("/q/health/ready", ANYONE),
          get("/q/metrics", ADMIN),
          get("/q/openapi", ANYONE));

  private static Endpoint get(String path, Right right) {
    return new Endpoint(HttpMethod.GET, path, right);
  }

  private static Endpoint post(String path, Right right) {
    return new Endpoint(HttpMethod.POST, path, right);
  }

  private record Shape(Endpoint endpoint, String[] parts) {}

  /** By the number of their parts, as one is looked up for every request. */
  private static final Map<Integer, List<Shape>> SHAPES =
      ALL.stream()
          .map(endpoint -> new Shape(endpoint, parts(endpoint.path)))
          .collect(Collectors.groupingBy(shape -> shape.parts.length));

  private static String[] parts(String path) {
    return path.split("/", -1);
  }

  /**
   * Those at a path as it came, nothing decoded; none for one that is written in any unusual way.
   */
  static List<Endpoint> at(String path) {
    String[] given = parts(path);
    List<Endpoint> found = new ArrayList<>(2);
    for (Shape shape : SHAPES.getOrDefault(given.length, List.of())) {
      if (matches(shape.parts, given)) {
        found.add(shape.endpoint);
      }
    }
    return found;
  }

  /** That of a method; HEAD is answered as GET is. */
  static Optional<Endpoint> of(HttpMethod method, List<Endpoint> atPath) {
    HttpMethod wanted = method.equals(HttpMethod.HEAD) ? HttpMethod.GET : method;
    return atPath.stream().filter(endpoint -> endpoint.method.equals(wanted)).findFirst();
  }

  /** Of equal length. */
  private static boolean matches(String[] wanted, String[] given) {
    for (int i = 0; i < wanted.length; i++) {
      boolean same =
          varies(wanted[i]) ? VALUE.matcher(given[i]).matches() : wanted[i].equals(given[i]);
      if (!same) {
        return false;
      }
    }
    return true;
  }

  private static boolean varies(String part) {
    return part.startsWith("{");
  }

  /** The values of the path's parameters, in a path of this endpoint. */
  Map<String, String> values(String actual) {
    String[] wanted = parts(path);
    String[] given = parts(actual);
    Map<String, String> values = new TreeMap<>();
    for (int i = 0; i < wanted.length; i++) {
      if (varies(wanted[i])) {
        values.put(wanted[i].substring(1, wanted[i].length() - 1), given[i]);
      }
    }
    return values;
  }
}
