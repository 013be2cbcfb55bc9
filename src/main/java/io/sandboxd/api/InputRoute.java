package io.sandboxd.api;

import io.sandboxd.lifecycle.FeedInput;
import io.sandboxd.lifecycle.FeedInput.Feeding;
import io.vertx.core.Context;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Set;
import java.util.regex.Pattern;

/** A request's body becomes a process's stdin as it arrives, as fast as the process reads it. */
@Singleton
final class InputRoute {
  static final RawRoute ROUTE =
      new RawRoute(
          HttpMethod.POST,
          "/v1/sandboxes/{name}/processes/{process}/input",
          Set.of("offset", "close"));

  static final String KEY_HEADER = "Idempotency-Key";

  private static final Pattern PATH =
      Pattern.compile("/v1/sandboxes/[^/]+/processes/[^/]+/input/?");

  private final FeedInput input;

  InputRoute(FeedInput input) {
    this.input = input;
  }

  /** Whether the body is not to be taken in before somebody looks at the request. */
  static boolean takes(HttpServerRequest request) {
    return HttpMethod.POST.equals(request.method()) && PATH.matcher(request.path()).matches();
  }

  void register(@Observes Router router) {
    ROUTE.on(router).handler(this::answer);
  }

  private void answer(RoutingContext context) {
    ROUTE.refuseUnknown(context);
    Call call = Call.of(context);
    HttpServerRequest request = context.request();
    HttpServerResponse response = context.response();
    Long offset = Query.count("offset", context.queryParams().get("offset"));
    boolean close = Query.flag("close", context.queryParams().get("close"));
    Feeding feeding =
        input.begin(
            call.sandbox(), call.process(), offset, Query.key(request.getHeader(KEY_HEADER)));
    Context loop = context.vertx().getOrCreateContext();

    request.handler(
        piece -> {
          request.pause();
          feeding.write(
              piece.getBytes(),
              failure ->
                  loop.runOnContext(
                      taken -> {
                        if (failure == null) {
                          request.resume();
                        } else {
                          ProblemRoutes.answer(context, Problem.of(failure));
                        }
                      }));
        });
    request.endHandler(
        ended ->
            feeding.end(
                close,
                failure ->
                    loop.runOnContext(
                        taken -> {
                          if (failure == null) {
                            done(response, feeding.offset());
                          } else {
                            ProblemRoutes.answer(context, Problem.of(failure));
                          }
                        })));
    response.closeHandler(gone -> feeding.cancel());
    response.exceptionHandler(broken -> feeding.cancel());
    if ("100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT))) {
      response.writeContinue();
    }
    request.resume();
  }

  private static void done(HttpServerResponse response, long offset) {
    if (!response.ended()) {
      response.setStatusCode(204).putHeader(OutputRoute.OFFSET_HEADER, Long.toString(offset)).end();
    }
  }
}
