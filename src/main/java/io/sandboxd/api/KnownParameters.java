package io.sandboxd.api;

import io.sandboxd.sandbox.SandboxException;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ResourceInfo;
import java.lang.reflect.Parameter;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/**
 * Refuses query parameters that the method does not have: one that was mistyped must not be one
 * that is silently absent.
 */
public final class KnownParameters {
  @ServerRequestFilter
  public void refuseUnknown(ContainerRequestContext request, ResourceInfo resource) {
    Set<String> given = request.getUriInfo().getQueryParameters().keySet();
    if (given.isEmpty()) {
      return;
    }
    Set<String> known = known(resource);
    for (String name : given) {
      if (!known.contains(name)) {
        throw SandboxException.invalid(
            name,
            known.isEmpty()
                ? "is not a query parameter: there are none here"
                : "is not a query parameter: there are " + String.join(", ", known));
      }
    }
  }

  private static Set<String> known(ResourceInfo resource) {
    return Arrays.stream(resource.getResourceMethod().getParameters())
        .filter(parameter -> parameter.isAnnotationPresent(QueryParam.class))
        .map(KnownParameters::name)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String name(Parameter parameter) {
    return parameter.getAnnotation(QueryParam.class).value();
  }
}
