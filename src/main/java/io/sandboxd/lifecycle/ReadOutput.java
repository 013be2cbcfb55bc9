package io.sandboxd.lifecycle;

import io.sandboxd.process.OutputLog;
import io.sandboxd.process.OutputLog.Stream;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.ExecResult;
import io.sandboxd.sandbox.SandboxException;

/** What a process has written: from any offset, while it runs and after it has ended. */
public final class ReadOutput {
  /**
   * @param offset where the part that was asked for begins, 0 to {@code end}
   */
  public record Part(OutputLog log, long offset, long end) {}

  private final SandboxRegistry registry;

  public ReadOutput(SandboxRegistry registry) {
    this.registry = registry;
  }

  /**
   * @param offset null: from the beginning
   * @param tail null, or only so many bytes at the end
   * @throws SandboxException {@code not_found}; {@code range_not_satisfiable} for an offset after
   *     the end
   */
  public Part part(String sandbox, String process, Stream stream, Long offset, Long tail) {
    SandboxProcess found = registry.get(sandbox).process(process);
    OutputLog log = OutputLog.of(found.files(), stream);
    long end = log.size();
    long from = offset == null ? 0 : offset;
    if (tail != null) {
      from = Math.max(from, end - tail);
    }
    if (from < 0 || from > end) {
      throw new SandboxException(
              io.sandboxd.sandbox.ErrorCode.RANGE_NOT_SATISFIABLE,
              "offset: " + from + " is not in the output, which has " + end + " bytes so far")
          .with("field", "offset")
          .with("size", end);
    }
    return new Part(log, from, end);
  }

  /** The beginning of both streams of a process that has ended. */
  public ExecResult result(SandboxProcess process, int limit) {
    OutputLog out = OutputLog.of(process.files(), Stream.STDOUT);
    OutputLog err = OutputLog.of(process.files(), Stream.STDERR);
    return ExecResult.of(
        process.status(),
        out.read(0, limit),
        out.size() > limit,
        err.read(0, limit),
        err.size() > limit);
  }
}
