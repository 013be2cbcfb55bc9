package io.sandboxd.api;

import static io.sandboxd.api.Endpoint.Right.ADMIN;
import static io.sandboxd.api.Endpoint.Right.ANYONE;
import static io.sandboxd.api.Endpoint.Right.OWNER;

import io.sandboxd.sandbox.SandboxSpec;
import io.vertx.core.http.HttpMethod;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

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

  /**
   * Those at a path as it came, nothing decoded; none for one that is written in any unusual way.
   */
  static List<Endpoint> at(String path) {
    return ALL.stream().filter(endpoint -> endpoint.values(path) != null).toList();
  }

  /** That of a method; HEAD is answered as GET is. */
  static Optional<Endpoint> of(HttpMethod method, List<Endpoint> atPath) {
    HttpMethod wanted = method.equals(HttpMethod.HEAD) ? HttpMethod.GET : method;
    return atPath.stream().filter(endpoint -> endpoint.method.equals(wanted)).findFirst();
  }

  /** The values of the path's parameters; null if the path is not of this endpoint. */
  Map<String, String> values(String actual) {
    String[] wanted = path.split("/", -1);
    String[] given = actual.split("/", -1);
    if (wanted.length != given.length) {
      return null;
    }
    Map<String, String> values = new TreeMap<>();
    for (int i = 0; i < wanted.length; i++) {
      boolean varies = wanted[i].startsWith("{");
      if (varies && VALUE.matcher(given[i]).matches()) {
        values.put(wanted[i].substring(1, wanted[i].length() - 1), given[i]);
      } else if (varies || !wanted[i].equals(given[i])) {
        return null;
      }
    }
    return values;
  }
}
