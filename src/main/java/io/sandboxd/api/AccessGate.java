package io.sandboxd.api;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.Policy.Rule;
import io.sandboxd.sandbox.SandboxException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Through which every request goes: it must be one of the {@link Endpoint}s, the caller must have
 * the right to it, and a sandbox that it names must be there for the caller. What a caller may ask
 * of an endpoint is another matter ({@link io.sandboxd.sandbox.rules.PolicyRules}), and decided
 * where the request has been understood.
 */
@Singleton
public final class AccessGate {
  /** Before all filters that ask something of the call. */
  private static final int FIRST = 1_001;

  /** Behind the gate that waits for the sandboxes to be known, before bodies are taken in. */
  private static final int PRIORITY = 400;

  private final SandboxRegistry registry;

  AccessGate(SandboxRegistry registry) {
    this.registry = registry;
  }

  void register(@Observes Filters filters) {
    filters.register(AccessGate::begin, FIRST);
    filters.register(this::check, PRIORITY);
  }

  private static void begin(RoutingContext context) {
    Call.begin(context);
    context.next();
  }

  private void check(RoutingContext context) {
    Call call = Call.of(context);
    if (call.atPath().isEmpty()) {
      ProblemRoutes.answer(context, Problem.of(ErrorStatus.of(ErrorCode.NOT_FOUND).status()));
    } else if (call.endpoint() == null) {
      context.response().putHeader(HttpHeaders.ALLOW, allowed(call));
      ErrorCode code = ErrorCode.METHOD_NOT_ALLOWED;
      ProblemRoutes.answer(context, Problem.of(ErrorStatus.of(code).status()));
    } else {
      refusal(call)
          .ifPresentOrElse(
              refused -> ProblemRoutes.answer(context, Problem.of(refused)), context::next);
    }
  }

  private static String allowed(Call call) {
    return call.atPath().stream()
        .map(endpoint -> endpoint.method().name())
        .sorted()
        .collect(Collectors.joining(", "));
  }

  private Optional<SandboxException> refusal(Call call) {
    Endpoint.Right right = call.endpoint().right();
    if (right == Endpoint.Right.ADMIN && !call.caller().admin()) {
      return Optional.of(
          new SandboxException(
                  ErrorCode.NOT_PERMITTED,
                  "This is for root and the members of the admin group ("
                      + Rule.ADMIN_GROUP.word()
                      + ").")
              .with("rule", Rule.ADMIN_GROUP.word()));
    }
    if (right == Endpoint.Right.OWNER) {
      Optional<Sandbox> found = registry.find(call.name(), call.caller());
      found.ifPresent(call::about);
      return found.isPresent()
          ? Optional.empty()
          : Optional.of(SandboxException.notFound("sandbox", call.name()));
    }
    return Optional.empty();
  }
}
