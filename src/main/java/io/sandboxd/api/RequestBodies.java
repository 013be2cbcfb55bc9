package io.sandboxd.api;

import io.netty.handler.codec.DecoderException;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.Settings;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.impl.RoutingContextInternal;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/**
 * Takes in a request's body before anybody works on the request: within a limit of size and of
 * time, and without a thread that waits for it.
 */
@Singleton
final class RequestBodies {
  /** Before everything that looks at bodies. */
  private static final int PRIORITY = 100;

  private static final String TIMER = RequestBodies.class.getName();

  private final Settings settings;
  private final Memory memory;

  RequestBodies(Settings settings, Memory memory) {
    this.settings = settings;
    this.memory = memory;
  }

  void register(@Observes Filters filters) {
    filters.register(this::collect, PRIORITY);
    filters.register(RequestBodies::noneIsEmpty, PRIORITY - 1);
  }

  private void collect(RoutingContext context) {
    HttpServerRequest request = context.request();
    if (request.isEnded() || InputRoute.takes(request)) {
      context.next();
      return;
    }
    if (declaredLength(request) > settings.maxBody()) {
      ProblemRoutes.answer(context, tooLarge());
      return;
    }
    long timer =
        context.vertx().setTimer(settings.idleTimeout().toMillis(), late -> giveUp(context));
    context.put(TIMER, timer);
    context.addEndHandler(ended -> context.vertx().cancelTimer(timer));
    Body body = new Body(context);
    request.handler(body::add).endHandler(ended -> body.end()).exceptionHandler(body::fail);
    if ("100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT))) {
      context.response().writeContinue();
    }
    request.resume();
  }

  /** One that is arriving, on its connection's event loop; held until the request is answered. */
  private final class Body {
    private final RoutingContext context;
    private final Caller caller;
    private final Buffer bytes = Buffer.buffer();
    private long held;
    private boolean over;

    Body(RoutingContext context) {
      this.context = context;
      this.caller = Call.of(context).caller();
      context.addEndHandler(ended -> giveBack());
    }

    void add(Buffer piece) {
      if (over) {
        return;
      }
      if (bytes.length() + piece.length() > settings.maxBody()) {
        refuse(tooLarge());
      } else if (memory.takeForBody(caller, piece.length())) {
        held += piece.length();
        bytes.appendBuffer(piece);
      } else {
        context.response().putHeader("Retry-After", "1");
        refuse(
            Problem.of(
                ErrorCode.BUSY, "The daemon has more request bodies than it can hold at a time."));
      }
    }

    void end() {
      if (!over) {
        ((RoutingContextInternal) context).setBody(bytes);
        context.next();
      }
    }

    void fail(Throwable failure) {
      if (!over && failure instanceof DecoderException) {
        refuse(Problem.of(ErrorStatus.of(ErrorCode.MALFORMED).status()));
      }
    }

    private void refuse(Problem problem) {
      over = true;
      ProblemRoutes.answer(context, problem);
    }

    private void giveBack() {
      over = true;
      memory.giveForBody(caller, held);
      held = 0;
    }
  }

  /** Whoever looks for a body where there is none would else wait for it. */
  private static void noneIsEmpty(RoutingContext context) {
    if (InputRoute.takes(context.request())) {
      context.next();
      return;
    }
    // It is all there: from now on the request may take as long as it likes.
    Long timer = context.remove(TIMER);
    if (timer != null) {
      context.vertx().cancelTimer(timer);
    }
    if (context.body().buffer() == null) {
      ((RoutingContextInternal) context).setBody(Buffer.buffer());
    }
    context.next();
  }

  private void giveUp(RoutingContext context) {
    HttpServerRequest request = context.request();
    if (!request.isEnded() && !request.response().ended()) {
      ProblemRoutes.answer(
          context,
          Problem.of(
              ErrorCode.REQUEST_TIMEOUT,
              "The request did not arrive within "
                  + settings.idleTimeout().toSeconds()
                  + " seconds."));
    }
  }

  private Problem tooLarge() {
    return Problem.of(
        ErrorCode.PAYLOAD_TOO_LARGE, "The body may have " + settings.maxBody() + " bytes.");
  }

  private static long declaredLength(HttpServerRequest request) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    return length == null ? 0 : Long.parseLong(length);
  }
}
