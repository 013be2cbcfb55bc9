package io.sandboxd.api;

import io.sandboxd.lifecycle.ReadOutput;
import io.sandboxd.lifecycle.ReadOutput.Opened;
import io.sandboxd.lifecycle.ReadOutput.Wanted;
import io.sandboxd.process.OutputLog.Stream;
import io.sandboxd.process.ProcessStreams;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.sandbox.SandboxException;
import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Locale;
import java.util.Set;

/** What a process writes, as bytes: a part of it (RFC 9110, 14), or on and on as it comes. */
@Singleton
final class OutputRoute {
  static final RawRoute ROUTE =
      new RawRoute(
          HttpMethod.GET,
          "/v1/sandboxes/{name}/processes/{process}/output",
          Set.of("stream", "offset", "tail", "follow"));

  static final String OFFSET_HEADER = "Sandboxd-Offset";
  static final String SIZE_HEADER = "Sandboxd-Size";

  private final ReadOutput output;

  OutputRoute(ReadOutput output) {
    this.output = output;
  }

  void register(@Observes Router router) {
    ROUTE.on(router).handler(this::answer);
  }

  private void answer(RoutingContext context) {
    ROUTE.refuseUnknown(context);
    MultiMap query = context.queryParams();
    boolean follow = Query.flag("follow", query.get("follow"));
    Long offset = Query.count("offset", query.get("offset"));
    Long tail = Query.count("tail", query.get("tail"));
    Stream stream = stream(query.get("stream"));
    ByteRange range = ByteRange.of(context.request().getHeader("Range"));
    if (range != null && (follow || offset != null || tail != null)) {
      throw SandboxException.invalid(
          "Range", "cannot be given together with follow, offset or tail: choose one");
    }
    if (stream == null && (range != null || offset != null)) {
      throw SandboxException.invalid(
          range == null ? "offset" : "Range",
          "is of one stream, and both have none: ask for stdout and stderr apart");
    }
    Wanted wanted =
        range == null
            ? new Wanted(stream, offset, tail, null, follow)
            : new Wanted(stream, range.first(), range.last(), range.length(), false);

    Sandbox sandbox = Call.of(context).sandbox();
    String process = Call.of(context).process();
    ProcessStreams streams = output.streams(sandbox, process);
    Vertx vertx = context.vertx();
    Context loop = vertx.getOrCreateContext();
    OutputCopy copy = new OutputCopy(context, loop, streams);
    vertx
        .executeBlocking(
            () -> satisfiable(range, output.open(sandbox, process, wanted, copy::wake)), false)
        .onFailure(context::fail)
        .onSuccess(
            opened -> {
              head(context.response(), opened, range != null);
              if (opened.isStream()) {
                StalledAnswers.mayWait(context.request());
              }
              copy.start(opened);
            });
  }

  /** An offset right at the end is no failure; a range that has nothing is one. */
  private static Opened satisfiable(ByteRange range, Opened opened) {
    if (range != null && opened.end() <= opened.offset()) {
      throw ByteRange.unsatisfiable(opened.size());
    }
    return opened;
  }

  private static void head(HttpServerResponse response, Opened opened, boolean partial) {
    response.putHeader(HttpHeaders.CONTENT_TYPE, "application/octet-stream");
    if (opened.offset() != null) {
      response.putHeader(OFFSET_HEADER, Long.toString(opened.offset()));
    }
    if (opened.size() != null) {
      response.putHeader(SIZE_HEADER, Long.toString(opened.size()));
      response.putHeader(HttpHeaders.ACCEPT_RANGES, "bytes");
    }
    if (partial) {
      response.setStatusCode(206);
      response.putHeader(
          HttpHeaders.CONTENT_RANGE,
          "bytes " + opened.offset() + "-" + (opened.end() - 1) + "/" + opened.size());
    }
    if (opened.end() == null) {
      response.setChunked(true);
    } else {
      response.putHeader(HttpHeaders.CONTENT_LENGTH, Long.toString(opened.end() - opened.offset()));
    }
  }

  /** Null for both. */
  private static Stream stream(String word) {
    if (word == null) {
      return Stream.STDOUT;
    }
    if (word.equals("both")) {
      return null;
    }
    for (Stream stream : Stream.values()) {
      if (stream.name().toLowerCase(Locale.ROOT).equals(word)) {
        return stream;
      }
    }
    throw SandboxException.invalid("stream", "must be stdout, stderr or both");
  }
}
