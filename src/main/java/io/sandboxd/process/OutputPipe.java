package io.sandboxd.process;

import io.sandboxd.linux.EpollLoop;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * What a process writes to a pipe, for one reader: nothing is stored, so however much it is, all of
 * it arrives, and a reader that is slow holds the process back. When the reader goes away, the
 * process finds the pipe closed (EPIPE, SIGPIPE).
 */
public final class OutputPipe implements AutoCloseable {
  private static final int SIZE = 1 << 20;
  private static final int CHUNK = 64 * 1024;

  private final Syscalls syscalls;
  private final EpollLoop loop;
  private final Fd end;
  private final AtomicBoolean taken = new AtomicBoolean();
  private boolean watched;
  private boolean closed;

  /**
   * @param end the read end, ours from now on
   */
  public OutputPipe(Syscalls syscalls, EpollLoop loop, Fd end) {
    this.syscalls = syscalls;
    this.loop = loop;
    this.end = end;
    syscalls.tryPipeSize(end, SIZE);
    syscalls.setNonBlocking(end);
  }

  /**
   * @param over whether the process has ended; what others still hold open is then no longer waited
   *     for
   * @param wake called, on any thread, when {@link OutputReader#NOTHING_YET} is no longer true
   * @return null if somebody reads it, or has read it
   */
  public OutputReader read(BooleanSupplier over, Runnable wake) {
    return taken.compareAndSet(false, true) ? new Reader(over, wake) : null;
  }

  private synchronized int tryRead(ByteBuffer into) {
    return closed ? 0 : syscalls.tryRead(end, into);
  }

  private synchronized void wakeOnce(Runnable wake) {
    if (closed || watched) {
      return;
    }
    watched = true;
    loop.watch(
        end,
        () -> {
          unwatch();
          wake.run();
        });
  }

  private synchronized void unwatch() {
    if (watched) {
      loop.forget(end);
      watched = false;
    }
  }

  /** What nobody can read any more need not be kept open: there may be many that nobody reads. */
  synchronized void processEnded() {
    if (!closed && !watched && !syscalls.poll(end, Syscalls.EPOLLIN, 0)) {
      close();
    }
  }

  @Override
  public synchronized void close() {
    unwatch();
    closed = true;
    end.close();
  }

  private final class Reader implements OutputReader {
    private final BooleanSupplier over;
    private final Runnable wake;
    private long at;

    Reader(BooleanSupplier over, Runnable wake) {
      this.over = over;
      this.wake = wake;
    }

    @Override
    public Part next() {
      boolean last = over.getAsBoolean();
      ByteBuffer buffer = ByteBuffer.allocate(CHUNK);
      int count = tryRead(buffer);
      if (count == Syscalls.WOULD_BLOCK && !last) {
        wakeOnce(wake);
        return Pause.NOTHING_YET;
      }
      if (count <= 0) {
        return Pause.END;
      }
      at += count;
      return new Bytes(Arrays.copyOf(buffer.array(), count));
    }

    @Override
    public long offset() {
      return at;
    }

    @Override
    public void close() {
      OutputPipe.this.close();
    }
  }
}
