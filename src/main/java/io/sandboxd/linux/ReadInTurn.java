package io.sandboxd.linux;

import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * A descriptor that a loop's thread reads, and for a moment whoever waits for what it brings: to
 * have the loop woken for that, and by it the one who waits, takes longer.
 */
public final class ReadInTurn {
  private final Syscalls syscalls;
  private final Fd fd;
  private final BooleanSupplier read;

  /** Held by who reads, and by who closes. */
  private final ReentrantLock turn = new ReentrantLock();

  private EpollLoop loop;
  private Runnable whenOver;

  /**
   * @param read reads all that is there; false when there will be no more. Never called by two
   *     threads at a time
   */
  public ReadInTurn(Syscalls syscalls, Fd fd, BooleanSupplier read) {
    this.syscalls = syscalls;
    this.fd = fd;
    this.read = read;
  }

  /**
   * Has it read by a loop from now on, instead of any before.
   *
   * @param then called when there will be no more, by the thread that has found out
   */
  public void watch(EpollLoop by, Runnable then) {
    turn.lock();
    try {
      rest();
      loop = by;
      whenOver = then;
      loop.watch(fd, this::onReadable);
    } finally {
      turn.unlock();
    }
  }

  private void rest() {
    if (loop != null) {
      loop.forget(fd);
    }
  }

  private void onReadable() {
    // Who has the turn reads, or closes.
    if (turn.tryLock()) {
      try {
        if (fd.isOpen()) {
          readAll();
        }
      } finally {
        turn.unlock();
      }
    }
  }

  private boolean readAll() {
    if (read.getAsBoolean()) {
      return true;
    }
    rest();
    whenOver.run();
    return false;
  }

  /**
   * Reads on this thread until something has come of it, unless another one does that already.
   *
   * @param millis at most
   */
  public void attend(Future<?> until, long millis) {
    if (until.isDone() || loop == null || !turn.tryLock()) {
      return;
    }
    try {
      attendInTurn(until, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis));
    } finally {
      turn.unlock();
    }
  }

  private void attendInTurn(Future<?> until, long deadline) {
    if (!fd.isOpen()) {
      return;
    }
    rest();
    boolean more = true;
    try {
      while (more && !until.isDone() && isReadable(deadline - System.nanoTime())) {
        more = readAll();
      }
    } finally {
      if (more) {
        loop.watch(fd, this::onReadable);
      }
    }
  }

  private boolean isReadable(long nanos) {
    int millis = (int) Math.min(TimeUnit.NANOSECONDS.toMillis(nanos) + 1, Integer.MAX_VALUE);
    return nanos > 0 && syscalls.poll(fd, Syscalls.EPOLLIN, millis);
  }

  /**
   * Closes it when nobody reads it any more.
   *
   * @param close what is to be done instead of a mere {@link Fd#close}
   */
  public void close(Runnable close) {
    turn.lock();
    try {
      rest();
      close.run();
    } finally {
      turn.unlock();
    }
  }
}
