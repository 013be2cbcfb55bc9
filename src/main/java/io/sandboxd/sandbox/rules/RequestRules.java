package io.sandboxd.sandbox.rules;

import io.sandboxd.sandbox.ExecRequest;
import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.KillRequest;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.SandboxSpec;
import java.util.Base64;
import java.util.List;

/** What the requests about processes may ask for. */
final class RequestRules {
  static final List<Rule<ExecRequest>> EXEC =
      List.of(
          RequestRules::id,
          RequestRules::input,
          RequestRules::base64,
          RequestRules::maxOutput,
          RequestRules::inputOnlyOnce,
          RequestRules::resultOfLog);

  /** Of a sandbox that is there for what its main process answers. */
  static final List<Rule<SandboxSpec>> RUN =
      List.of(RequestRules::somethingToRun, RequestRules::resultOfLog, RequestRules::noTtl);

  static final List<Rule<KillRequest>> KILL = List.of(RequestRules::oneTarget);

  private RequestRules() {}

  private static void id(ExecRequest request, FieldPath at) {
    if (ProcessStatus.MAIN.equals(request.id())) {
      throw Rule.broken(at.field("id"), "is the main process's: choose another, or leave it out");
    }
  }

  private static void input(ExecRequest request, FieldPath at) {
    if (request.input() != null && request.inputBase64() != null) {
      throw Rule.broken(
          at.field("inputBase64"), "cannot be given together with input: leave one of them out");
    }
  }

  private static void base64(ExecRequest request, FieldPath at) {
    if (request.inputBase64() == null) {
      return;
    }
    FieldPath where = at.field("inputBase64");
    // Measured before it is decoded.
    if (request.inputBase64().length() / 4 * 3L > ExecRequest.MAX_INPUT + 2L) {
      throw Rule.broken(where, "can stand for at most " + ExecRequest.MAX_INPUT + " bytes");
    }
    try {
      Base64.getDecoder().decode(request.inputBase64());
    } catch (IllegalArgumentException e) {
      throw Rule.broken(where, "is not Base64 (RFC 4648, with + and /, without line breaks)");
    }
  }

  private static void maxOutput(ExecRequest request, FieldPath at) {
    maxOutput(request.outputLimit(), at);
  }

  static void maxOutput(long limit, FieldPath at) {
    if (limit > ExecRequest.LARGEST_MAX_OUTPUT.bytes()) {
      throw Rule.broken(
          at.field("maxOutput"),
          "can be at most %d bytes (16Mi): more is had from the process's output"
              .formatted(ExecRequest.LARGEST_MAX_OUTPUT.bytes()));
    }
  }

  private static void inputOnlyOnce(ExecRequest request, FieldPath at) {
    if (request.input() == null && request.inputBase64() == null) {
      return;
    }
    FieldPath where = at.field(request.input() == null ? "inputBase64" : "input");
    if (request.process().hasTerminal()) {
      throw Rule.broken(where, "cannot be given with tty: feed the terminal once it is there");
    }
    if (request.process().takesInput()) {
      throw Rule.broken(
          where, "is all that stdin gives, so it cannot be given with stdin \"pipe\": choose one");
    }
  }

  private static void resultOfLog(ExecRequest request, FieldPath at) {
    if (request.waits() && request.process().streams()) {
      throw Rule.broken(
          at.field("wait"), "answers with what is stored, and a stream is not: choose one");
    }
  }

  private static void somethingToRun(SandboxSpec spec, FieldPath at) {
    if (spec.process() == null) {
      throw Rule.broken(at.field("process"), "is missing: it says what to run");
    }
  }

  private static void resultOfLog(SandboxSpec spec, FieldPath at) {
    if (spec.process().streams()) {
      throw Rule.broken(
          at.field("process").field("output"), "must be log: the answer is made of what is stored");
    }
  }

  private static void noTtl(SandboxSpec spec, FieldPath at) {
    if (spec.ttl() != null) {
      throw Rule.broken(
          at.field("ttl"),
          "cannot be: the sandbox goes with its run, which process.timeout bounds");
    }
  }

  private static void oneTarget(KillRequest request, FieldPath at) {
    if (request.toAll() && request.process() != null) {
      throw Rule.broken(
          at.field("process"), "cannot be given together with all: leave one of them out");
    }
  }
}
