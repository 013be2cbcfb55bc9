package io.sandboxd.linux;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jboss.logging.Logger;

/**
 * A descriptor that a loop's thread reads, and for a moment whoever waits for what it brings: to
 * have the loop woken for that, and by it the one who waits, takes longer.
 */
public final class ReadInTurn {
  private static final Logger LOG = Logger.getLogger(ReadInTurn.class);

  private final Syscalls syscalls;
  private final Fd fd;
  private final BooleanSupplier read;

  /** Held by who reads, and by who closes. */
  private final ReentrantLock turn = new ReentrantLock();

  private EpollLoop loop;
  private Runnable whenOver;
  private boolean over = true;

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
   * @param then called once when there will be no more, by the thread that has found out
   */
  public void watch(EpollLoop by, Runnable then) {
    turn.lock();
    try {
      rest();
      loop = by;
      whenOver = then;
      loop.watch(fd, this::onReadable);
      over = false;
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
        readAll();
      } finally {
        turn.unlock();
      }
    }
  }

  private void readAll() {
    if (!over && !read.getAsBoolean()) {
      rest();
      end();
    }
  }

  private void end() {
    over = true;
    whenOver.run();
  }

  /**
   * Waits for what somebody reads, on this thread if nobody else does so now.
   *
   * @throws TimeoutException when it has not come by then
   */
  public <T> T await(Future<T> wanted, Duration limit)
      throws InterruptedException, ExecutionException, TimeoutException {
    long deadline = System.nanoTime() + limit.toNanos();
    if (!wanted.isDone() && turn.tryLock()) {
      try {
        readUntil(wanted, deadline);
      } finally {
        turn.unlock();
      }
    }
    return wanted.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
  }

  private void readUntil(Future<?> wanted, long deadline) {
    if (over) {
      return;
    }
    rest();
    try {
      while (!over && !wanted.isDone() && isReadable(deadline - System.nanoTime())) {
        readAll();
      }
    } finally {
      if (!over) {
        resume();
      }
    }
  }

  private boolean isReadable(long nanos) {
    int millis = (int) Math.min(TimeUnit.NANOSECONDS.toMillis(nanos) + 1, Integer.MAX_VALUE);
    return nanos > 0 && syscalls.poll(fd, Syscalls.EPOLLIN, millis);
  }

  private void resume() {
    try {
      loop.watch(fd, this::onReadable);
    } catch (ErrnoException e) {
      LOG.warnf("What is read in turn cannot be watched any more: %s", e.getMessage());
      end();
    }
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
      over = true;
      close.run();
    } finally {
      turn.unlock();
    }
  }
}
