package io.sandboxd.process;

/**
 * One client's way through what a process writes. Reading never waits: when there is nothing, the
 * process's {@link ProcessStreams} tell when to look again.
 */
public interface OutputReader extends AutoCloseable {
  /** What there is to say. */
  sealed interface Part {}

  /** At least one byte. */
  record Bytes(byte[] bytes) implements Part {}

  /** Why there are no bytes. */
  enum Pause implements Part {
    /** Not now; more may come. */
    NOTHING_YET,
    /** There is no more, and never will be. */
    END,
    /** What would be next is forgotten. */
    GAP
  }

  /** For one thread at a time. */
  Part next();

  /** Of the first byte that {@link #next} will give. */
  long offset();

  @Override
  void close();
}
