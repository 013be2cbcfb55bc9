package io.sandboxd.process;

import java.util.function.BooleanSupplier;

/** Reads a log from an offset on, up to a fixed end or as long as it grows. */
public final class LogReader implements OutputReader {
  private static final int CHUNK = 64 * 1024;

  private final OutputLog log;
  private final long end;
  private final BooleanSupplier complete;
  private long at;

  /**
   * @param end where to stop; {@link Long#MAX_VALUE} to follow
   * @param complete whether all that will be written is written
   */
  public LogReader(OutputLog log, long offset, long end, BooleanSupplier complete) {
    this.log = log;
    this.at = offset;
    this.end = end;
    this.complete = complete;
  }

  @Override
  public Part next() {
    // Before the log is looked at: what came in between must not be missed.
    boolean last = complete.getAsBoolean() || end != Long.MAX_VALUE;
    int wanted = (int) Math.min(CHUNK, end - at);
    if (wanted <= 0) {
      return Pause.END;
    }
    byte[] bytes = log.read(at, wanted);
    if (bytes == null) {
      return Pause.GAP;
    }
    if (bytes.length == 0) {
      return last ? Pause.END : Pause.NOTHING_YET;
    }
    at += bytes.length;
    return new Bytes(bytes);
  }

  @Override
  public long offset() {
    return at;
  }

  @Override
  public void close() {
    // The log is opened for each look, so that a client that comes and goes holds nothing.
  }
}
