package io.sandboxd.api;

import io.sandboxd.sandbox.SandboxException;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Set;
import java.util.TreeSet;

/**
 * A path whose bytes flow while the request goes on, which is more than a resource class can do.
 *
 * @param path with {@code {name}} for what varies, as in the API's description
 * @param parameters of the query
 */
record RawRoute(HttpMethod method, String path, Set<String> parameters) {
  /** Before the resource classes, behind all filters. */
  private static final int ORDER = -1;

  Route on(Router router) {
    return router.route(method, path.replaceAll("\\{(\\w+)}", ":$1")).order(ORDER);
  }

  /** As {@link KnownParameters} does for the resource classes. */
  void refuseUnknown(RoutingContext context) {
    for (String name : context.queryParams().names()) {
      if (!parameters.contains(name)) {
        throw SandboxException.invalid(
            name,
            "is not a query parameter: there are " + String.join(", ", new TreeSet<>(parameters)));
      }
    }
  }
}
