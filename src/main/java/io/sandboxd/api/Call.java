package io.sandboxd.api;

import io.sandboxd.registry.Sandbox;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.ErrorCode;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One request: who makes it, which endpoint it is, and what it is about. Set up by the first filter
 * of all; whoever works on the request adds what it finds out.
 */
final class Call {
  private static final String KEY = Call.class.getName();
  private static final Set<HttpMethod> SAFE =
      Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);

  private final Peer peer;
  private final HttpMethod method;
  private final List<Endpoint> atPath;
  private final Endpoint endpoint;
  private final Map<String, String> values;
  private final Instant time = Instant.now();
  private final long startNanos = System.nanoTime();
  private volatile Sandbox sandbox;
  private volatile String process;
  private volatile ErrorCode problem;

  private Call(RoutingContext context) {
    String path = String.valueOf(context.request().path());
    peer = Peers.of(context.request());
    method = context.request().method();
    // Both, lest somebody further on understands the path in another way.
    atPath = path.equals(context.normalizedPath()) ? Endpoint.at(path) : List.of();
    endpoint = Endpoint.of(method, atPath).orElse(null);
    values = endpoint == null ? Map.of() : endpoint.values(path);
    process = values.get(Endpoint.PROCESS);
  }

  static Call begin(RoutingContext context) {
    Call call = new Call(context);
    context.put(KEY, call);
    return call;
  }

  static Call of(RoutingContext context) {
    return context.get(KEY);
  }

  /**
   * @param then done when the request is over, answered or left by its client, be it that this has
   *     been already; possibly twice
   */
  static void whenOver(RoutingContext context, Runnable then) {
    context.addEndHandler(over -> then.run());
    if (context.response().closed() || context.response().ended()) {
      then.run(); // before there was a handler
    }
  }

  Peer peer() {
    return peer;
  }

  Caller caller() {
    return peer.caller();
  }

  HttpMethod method() {
    return method;
  }

  /** What is there at its path, for any method. */
  List<Endpoint> atPath() {
    return atPath;
  }

  /** Null if there is none. */
  Endpoint endpoint() {
    return endpoint;
  }

  /** Whether it is to change something. */
  boolean isChange() {
    return !SAFE.contains(method);
  }

  Instant time() {
    return time;
  }

  long startNanos() {
    return startNanos;
  }

  /** By which a sandbox is asked for; null for none. */
  String name() {
    return values.get(Endpoint.SANDBOX);
  }

  /** By which a sandbox, a network or a link is asked for; null for none. */
  String subject() {
    return values.entrySet().stream()
        .filter(value -> !value.getKey().equals(Endpoint.PROCESS))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(null);
  }

  /** By which a process is asked for, or which was made; null for none. */
  String process() {
    return process;
  }

  /**
   * The sandbox that was asked for, which the caller may use; or that was made. Verbs get it from
   * here and nowhere else: by the time a body has arrived, another one may have the name.
   */
  Sandbox sandbox() {
    return sandbox;
  }

  void about(Sandbox found) {
    sandbox = found;
  }

  void about(String processId) {
    process = processId;
  }

  /** Notes how a request failed; one that is no HTTP was never a call. */
  static void failed(RoutingContext context, ErrorCode code) {
    Call call = of(context);
    if (call != null) {
      call.problem = code;
    }
  }

  /** Null when there was none. */
  ErrorCode problem() {
    return problem;
  }
}
