package io.sandboxd.api;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.json.SpecJson;
import io.vertx.ext.web.handler.HttpException;
import jakarta.ws.rs.WebApplicationException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.RejectedExecutionException;
import org.jboss.logging.Logger;

/**
 * What every failure is answered with (RFC 9457).
 *
 * @param detail a sentence for people
 * @param fields what a program may want to know beside {@code code}
 */
record Problem(int status, ErrorCode code, String detail, Map<String, Object> fields) {
  static final String MEDIA_TYPE = "application/problem+json";

  private static final Logger LOG = Logger.getLogger(Problem.class);
  private static final String TYPE_PREFIX = "urn:sandboxd:problem:";

  static Problem of(ErrorCode code, String detail) {
    return new Problem(ErrorStatus.of(code).status(), code, detail, Map.of());
  }

  Problem with(String field, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(fields);
    more.put(field, value);
    return new Problem(status, code, detail, more);
  }

  /** One that the HTTP framework came up with, and knows no more of than its status. */
  static Problem of(int status) {
    ErrorCode code = ErrorStatus.codeOf(status);
    String detail =
        switch (code) {
          case NOT_FOUND -> "There is nothing at this path.";
          case METHOD_NOT_ALLOWED -> "There is something at this path, but not for this method.";
          case NOT_ACCEPTABLE -> "None of the types that Accept names can be had here.";
          case UNSUPPORTED_MEDIA_TYPE ->
              "Send the body as JSON, with the header Content-Type: application/json.";
          case PAYLOAD_TOO_LARGE -> "The request's head or body is longer than the daemon takes.";
          default -> ErrorStatus.of(code).title() + ".";
        };
    return new Problem(status, code, detail, Map.of());
  }

  /** Whatever is no client's doing is logged, with an id by which the client can refer to it. */
  static Problem of(Throwable failure) {
    if (failure instanceof SandboxException refused) {
      return ofRefusal(refused);
    }
    if (failure instanceof WebApplicationException refused
        && refused.getResponse().getStatus() < 500) {
      return of(refused.getResponse().getStatus());
    }
    if (failure instanceof HttpException refused && refused.getStatusCode() < 500) {
      return of(refused.getStatusCode());
    }
    if (failure instanceof RejectedExecutionException) {
      return of(ErrorCode.BUSY, "The daemon has more requests than it can work on.");
    }
    if (failure instanceof OutOfMemoryError) {
      log(failure);
      return of(ErrorCode.LIMIT_EXCEEDED, "The daemon has no memory or thread left for this.");
    }
    if (failure instanceof UncheckedIOException e && Errno.isShortage(Errno.of(e.getCause()))) {
      return ofShortage(new ErrnoException("write", null, Errno.of(e.getCause())));
    }
    if (failure instanceof ErrnoException refused && isShortage(refused)) {
      return ofShortage(refused);
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    if (failure instanceof ErrnoException refused) {
      fields.put("syscall", refused.syscall());
      if (refused.path() != null) {
        fields.put("path", refused.path());
      }
      fields.put("errno", refused.errno());
      fields.put("errnoName", refused.errnoName());
    }
    fields.put("id", log(failure));
    return new Problem(
        ErrorStatus.of(ErrorCode.INTERNAL).status(),
        ErrorCode.INTERNAL,
        "The daemon failed; its log has more under this id.",
        fields);
  }

  private static boolean isShortage(ErrnoException refused) {
    boolean fork = refused.syscall().equals("posix_spawn");
    return Errno.isShortage(refused.errno()) || (fork && refused.errno() == Errno.EAGAIN);
  }

  private static Problem ofShortage(ErrnoException refused) {
    log(refused);
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("syscall", refused.syscall());
    fields.put("errno", refused.errno());
    fields.put("errnoName", refused.errnoName());
    return new Problem(
        ErrorStatus.of(ErrorCode.LIMIT_EXCEEDED).status(),
        ErrorCode.LIMIT_EXCEEDED,
        "The host has too little for this: "
            + Errno.message(refused.errno())
            + ". Try again when there is more.",
        fields);
  }

  private static Problem ofRefusal(SandboxException refused) {
    Map<String, Object> fields = refused.fields();
    if (refused.code() == ErrorCode.INTERNAL) {
      fields = new LinkedHashMap<>(fields);
      fields.put("id", log(refused));
    }
    return new Problem(
        ErrorStatus.of(refused.code()).status(), refused.code(), refused.getMessage(), fields);
  }

  private static String log(Throwable failure) {
    String id = UUID.randomUUID().toString();
    LOG.errorf(failure, "a request failed, id %s", id);
    return id;
  }

  byte[] json() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("type", TYPE_PREFIX + code.word());
    members.put("title", ErrorStatus.of(code).title());
    members.put("status", status);
    members.put("detail", detail);
    members.put("code", code.word());
    fields.forEach(members::putIfAbsent);
    return SpecJson.write(members);
  }
}
