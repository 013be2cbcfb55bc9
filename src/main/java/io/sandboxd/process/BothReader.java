package io.sandboxd.process;

/**
 * Reads two logs into one, in pieces as they come. Which of two pieces was written first nobody
 * knows, as the streams are files of their own.
 */
public final class BothReader implements OutputReader {
  private final OutputReader out;
  private final OutputReader err;

  /** They take turns, so that a flood in one does not keep the other from being heard. */
  private boolean errFirst;

  public BothReader(OutputReader out, OutputReader err) {
    this.out = out;
    this.err = err;
  }

  @Override
  public Part next() {
    OutputReader one = errFirst ? err : out;
    OutputReader other = errFirst ? out : err;
    errFirst = !errFirst;
    Part first = one.next();
    if (first instanceof Bytes || first == Pause.GAP) {
      return first;
    }
    Part second = other.next();
    return second == Pause.END ? first : second;
  }

  /** There is none that is true of both. */
  @Override
  public long offset() {
    throw new UnsupportedOperationException("two streams have two offsets");
  }

  @Override
  public void close() {
    out.close();
    err.close();
  }
}
