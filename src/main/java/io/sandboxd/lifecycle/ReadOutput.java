package io.sandboxd.lifecycle;

import io.sandboxd.process.BothReader;
import io.sandboxd.process.LogReader;
import io.sandboxd.process.OutputLog;
import io.sandboxd.process.OutputLog.Beginning;
import io.sandboxd.process.OutputLog.Extent;
import io.sandboxd.process.OutputLog.Stream;
import io.sandboxd.process.OutputPipe;
import io.sandboxd.process.OutputReader;
import io.sandboxd.process.ProcessStreams;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.ExecResult;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;

/** What a process writes: from any offset, while it runs and after it has ended. */
public final class ReadOutput {
  /**
   * What a client wants.
   *
   * @param stream null: both
   * @param offset of the first byte; null: from the beginning
   * @param tail null, or only so many bytes at the end
   * @param limit null, or only so many bytes from the offset on
   * @param follow on and on, until the process has ended
   */
  public record Wanted(Stream stream, Long offset, Long tail, Long limit, boolean follow) {}

  /**
   * What it gets.
   *
   * @param offset of the first byte there is; null for both streams
   * @param end after the last one; null if that is open
   * @param size of all that was written so far; null for what is not stored, and for both streams
   */
  public record Opened(OutputReader reader, Long offset, Long end, Long size, boolean isStream) {}

  private final Streams streams;

  public ReadOutput(Streams streams) {
    this.streams = streams;
  }

  /**
   * Who hears when there is more to read, and holds what is fed.
   *
   * @throws SandboxException {@code not_found}
   */
  public ProcessStreams streams(Sandbox sandbox, String process) {
    return streams.of(sandbox.process(process));
  }

  /**
   * @param wake called, on any thread, when a reader that had nothing should look again; also to be
   *     {@link ProcessStreams#watch watched} with
   * @throws SandboxException {@code not_found}; {@code range_not_satisfiable} for an offset after
   *     the end; {@code wrong_state} for a stream that has its reader already; {@code invalid_spec}
   */
  public Opened open(Sandbox sandbox, String process, Wanted wanted, Runnable wake) {
    SandboxProcess found = sandbox.process(process);
    if (found.status().streams()) {
      return pipe(found, wanted, wake);
    }
    if (wanted.stream() == null) {
      OutputReader out = log(found, wanted, Stream.STDOUT).reader();
      OutputReader err = log(found, wanted, Stream.STDERR).reader();
      return new Opened(new BothReader(out, err), null, null, null, false);
    }
    return log(found, wanted, wanted.stream());
  }

  private Opened log(SandboxProcess process, Wanted wanted, Stream stream) {
    OutputLog log = streams.log(process, stream);
    long size = log.size();
    long from = wanted.offset() == null ? 0 : wanted.offset();
    if (wanted.tail() != null) {
      from = Math.max(from, size - wanted.tail());
    }
    if (from > size) {
      throw new SandboxException(
              ErrorCode.RANGE_NOT_SATISFIABLE,
              "offset: " + from + " is not in the output, which has " + size + " bytes so far")
          .with("field", "offset")
          .with("size", size);
    }
    Extent there = log.from(from);
    // Where it is forgotten faster than it is looked at.
    size = Math.max(size, there.start());
    Long end = null;
    if (!wanted.follow()) {
      // What was written meanwhile is for the next look.
      long last = Math.min(there.end(), size);
      if (wanted.limit() != null) {
        last = Math.min(last, from + wanted.limit());
      }
      end = Math.max(there.start(), last);
    }
    LogReader reader =
        new LogReader(log, there.start(), end == null ? Long.MAX_VALUE : end, process::hasEnded);
    return new Opened(reader, there.start(), end, size, false);
  }

  private Opened pipe(SandboxProcess process, Wanted wanted, Runnable wake) {
    if (wanted.offset() != null || wanted.tail() != null || wanted.limit() != null) {
      throw SandboxException.invalid(
          "offset", "cannot be: the process's output is a stream, which is not stored");
    }
    Stream stream = wanted.stream();
    if (stream == null) {
      throw SandboxException.invalid(
          "stream", "must be stdout or stderr: the process's output is two streams");
    }
    OutputPipe pipe = streams.of(process).pipe(stream);
    OutputReader reader = pipe == null ? null : pipe.read(process::hasEnded, wake);
    if (reader == null) {
      throw SandboxException.wrongState(
          "The process's "
              + stream.word()
              + " is a stream for one reader, and it has or had one: nothing of it is stored.");
    }
    return new Opened(reader, 0L, null, null, true);
  }

  /**
   * The beginning of both streams of a process that has ended. Of a sandbox that is deleted
   * meanwhile some of it may be missing, so it counts as cut.
   */
  public ExecResult result(SandboxProcess process, int limit) {
    Beginning out = streams.log(process, Stream.STDOUT).beginning(limit);
    Beginning err = streams.log(process, Stream.STDERR).beginning(limit);
    boolean goes = process.sandbox().state() == SandboxState.DELETING;
    return ExecResult.of(
        process.status(), out.bytes(), out.isCut() || goes, err.bytes(), err.isCut() || goes);
  }
}
