package io.sandboxd.linux;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open file descriptor that somebody owns. Closing it twice is harmless, and never closes a
 * stranger's descriptor that got the same number meanwhile.
 */
public final class Fd implements AutoCloseable {
  private static final int CLOSED = -1;

  private final AtomicInteger number;
  private final Syscalls syscalls;

  public Fd(int number, Syscalls syscalls) {
    this.number = new AtomicInteger(number);
    this.syscalls = syscalls;
  }

  /** The number to hand to a system call. */
  public int number() {
    int n = number.get();
    if (n == CLOSED) {
      throw new IllegalStateException("descriptor is closed");
    }
    return n;
  }

  /**
   * A path by which this process can name what is open, even where its real path is out of reach.
   */
  public String procPath() {
    return "/proc/self/fd/" + number();
  }

  public boolean isOpen() {
    return number.get() != CLOSED;
  }

  @Override
  public void close() {
    int n = number.getAndSet(CLOSED);
    if (n != CLOSED) {
      syscalls.close(n);
    }
  }

  @Override
  public String toString() {
    return "fd " + number.get();
  }
}
