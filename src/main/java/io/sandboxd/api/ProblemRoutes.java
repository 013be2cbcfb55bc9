package io.sandboxd.api;

import io.netty.handler.codec.TooLongFrameException;
import io.quarkus.vertx.http.runtime.RouteConstants;
import io.sandboxd.sandbox.ErrorCode;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.net.URI;
import java.net.URISyntaxException;

/** Answers failures that no resource has to do with. */
@Singleton
public final class ProblemRoutes {
  private static final long LINGER_MILLIS = 2_000;

  void register(@Observes Router router) {
    // Before the framework's own, which is the last.
    router
        .route()
        .order(RouteConstants.ROUTE_ORDER_AFTER_DEFAULT + 1)
        .failureHandler(ProblemRoutes::answerFailure);
  }

  /** Of a request that is no HTTP, or too much of it. */
  public static void answerInvalid(HttpServerRequest request) {
    Throwable cause = request.decoderResult().cause();
    if (cause instanceof Pipelining.TooManyException) {
      answer(request, tooMany());
    } else {
      answer(request, Problem.of(cause instanceof TooLongFrameException ? 431 : 400));
    }
  }

  private static Problem tooMany() {
    return Problem.of(
        ErrorCode.LIMIT_EXCEEDED,
        "A connection may have "
            + Pipelining.MAX_UNANSWERED
            + " requests without an answer; the rest was not read.");
  }

  /** Answers requests for what is no URI, which no router would understand. */
  public static Handler<HttpServerRequest> refuseInvalid(Handler<HttpServerRequest> router) {
    return request -> {
      try {
        new URI(request.uri());
      } catch (URISyntaxException e) {
        answer(
            request,
            Problem.of(
                ErrorCode.MALFORMED,
                "The path and query are not as in a URI: percent-encode them."));
        return;
      }
      router.handle(request);
    };
  }

  private static void answerFailure(RoutingContext context) {
    if (context.response().ended()) {
      return;
    }
    if (context.response().headWritten()) {
      // Half an answer can only be cut off.
      context.request().connection().close();
      return;
    }
    boolean refused = context.failure() == null || context.statusCode() < 500;
    answer(context, refused ? Problem.of(context.statusCode()) : Problem.of(context.failure()));
  }

  static void answer(RoutingContext context, Problem problem) {
    Call.failed(context, problem.code());
    answer(context.request(), problem);
  }

  private static void answer(HttpServerRequest request, Problem problem) {
    HttpServerResponse response =
        request
            .response()
            .setStatusCode(problem.status())
            .putHeader(HttpHeaders.CONTENT_TYPE, Problem.MEDIA_TYPE);
    if (request.isEnded()) {
      response.end(Buffer.buffer(problem.json()));
      return;
    }
    // What is still to come of the request is of no use, and may be endless. But clients that send
    // all before they read must not find the connection broken.
    response.putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    response.end(Buffer.buffer(problem.json()));
    HttpConnection connection = request.connection();
    try {
      request.handler(discarded -> {}).endHandler(ended -> connection.close()).resume();
    } catch (IllegalStateException allRead) {
      connection.close(); // behind the answer, which is on its way
      return;
    }
    Vertx.currentContext().owner().setTimer(LINGER_MILLIS, late -> connection.close());
  }
}
