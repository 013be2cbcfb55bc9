package io.sandboxd.api;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.sandboxd.sandbox.ErrorCode;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.List;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Keeps sandboxes out of reach until those of the former daemon have been found again. */
@Singleton
public final class RecoveryGate {
  private static final int PRIORITY = 500;

  /** What can be told at any time. */
  private static final List<String> OPEN = List.of("/q/", "/v1/info", "/v1/events");

  private volatile boolean recovered;

  /** To be called once, when the sandboxes are known. */
  public void open() {
    recovered = true;
  }

  @Produces
  @Singleton
  @Readiness
  HealthCheck check() {
    return () -> HealthCheckResponse.named("sandboxes recovered").status(recovered).build();
  }

  void register(@Observes Filters filters) {
    filters.register(this::refuseUntilReady, PRIORITY);
  }

  private static boolean isOpen(String path) {
    return OPEN.stream().anyMatch(path::startsWith);
  }

  private void refuseUntilReady(RoutingContext context) {
    if (recovered || isOpen(context.normalizedPath())) {
      context.next();
      return;
    }
    context.response().putHeader("Retry-After", "1");
    ProblemRoutes.answer(
        context,
        Problem.of(
            ErrorCode.BUSY, "The daemon has just started and is looking for its sandboxes."));
  }
}
