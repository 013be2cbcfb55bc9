package io.sandboxd.process;

import io.sandboxd.linux.EpollLoop;
import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * Feeds a process's stdin, a pipe or a terminal, from any number of clients. Nobody waits here: a
 * piece that the process does not take yet stays with its client, who sends no more until it is
 * told.
 *
 * <p>All that was ever fed has an offset. A client that says at which one it begins can repeat
 * itself: what was taken before is passed over.
 */
public final class StdinWriter implements AutoCloseable {
  /** What a terminal takes for the end of file at the beginning of a line (VEOF of termios(3)). */
  private static final byte[] END_OF_FILE = {4};

  /** One client's share. */
  public static final class Feed {
    private static final long ANYWHERE = -1;

    /** Of the next byte, in all that was ever fed or in the body; or anywhere. */
    private long at;

    /** Null: it is no body with a key. */
    private final KeyedBodies.Body body;

    private Feed(long at, KeyedBodies.Body body) {
      this.at = at;
      this.body = body;
    }

    private void advance(long bytes) {
      if (at != ANYWHERE) {
        at += bytes;
      }
    }
  }

  /**
   * @param failure null when it is done
   */
  private record Piece(
      Feed feed, ByteBuffer bytes, boolean close, Consumer<SandboxException> done) {}

  private final Syscalls syscalls;
  private final EpollLoop loop;
  private final Fd end;
  private final boolean terminal;
  private final StdinRecord record;
  private final Runnable whenClosed;
  private final Deque<Piece> pieces = new ArrayDeque<>();
  private long count;
  private boolean closed;
  private boolean unread;
  private boolean watched;

  /**
   * @param end ours from now on; must not block
   * @param record where it stands, also after a restart
   * @param whenClosed tells others who have the pipe open that it is to be closed
   */
  public StdinWriter(
      Syscalls syscalls,
      EpollLoop loop,
      Fd end,
      boolean terminal,
      StdinRecord record,
      Runnable whenClosed) {
    this.syscalls = syscalls;
    this.loop = loop;
    this.end = end;
    this.terminal = terminal;
    this.record = record;
    this.whenClosed = whenClosed;
    StdinRecord.State known = record.read();
    count = known.count();
    if (known.closed()) {
      shut();
    }
  }

  /** How many bytes were fed so far, by all. */
  public synchronized long count() {
    return count;
  }

  /**
   * @param offset of the client's first byte; null: behind whatever is there
   */
  public Feed feed(Long offset) {
    return new Feed(offset == null ? Feed.ANYWHERE : offset, null);
  }

  /** A body that may have been here before, whole or in part. */
  public Feed feedBody(KeyedBodies.Body body) {
    return new Feed(0, body);
  }

  /**
   * Feeds a piece. The next one of this client must not come before {@code done} is called, on
   * whatever thread: with null, or with why it cannot be ({@code wrong_state}: stdin is closed;
   * {@code range_not_satisfiable}: bytes are missing before this one).
   *
   * @param close end of file after it
   */
  public void write(Feed feed, byte[] bytes, boolean close, Consumer<SandboxException> done) {
    List<Runnable> told = new ArrayList<>();
    synchronized (this) {
      pieces.add(new Piece(feed, ByteBuffer.wrap(bytes), close, done));
      if (!watched) {
        advance(told);
      }
    }
    told.forEach(Runnable::run);
  }

  /** The client is gone; what the process did not take of its last piece is dropped. */
  public synchronized void cancel(Feed feed) {
    pieces.removeIf(piece -> piece.feed() == feed);
  }

  /** The process has ended: what it did not read is of no interest any more, and no failure. */
  public void processEnded() {
    List<Runnable> told = new ArrayList<>();
    synchronized (this) {
      unread = true;
      unwatch();
      end.close();
      advance(told);
    }
    told.forEach(Runnable::run);
  }

  private void writable() {
    List<Runnable> told = new ArrayList<>();
    synchronized (this) {
      unwatch();
      advance(told);
    }
    told.forEach(Runnable::run);
  }

  private void advance(List<Runnable> told) {
    for (Piece piece; (piece = pieces.peek()) != null; ) {
      SandboxException failure = null;
      try {
        if (!advance(piece)) {
          return;
        }
      } catch (SandboxException e) {
        failure = e;
      }
      pieces.remove();
      SandboxException outcome = failure;
      Piece over = piece;
      told.add(() -> over.done().accept(outcome));
    }
  }

  /**
   * @return false when the process has to read first
   */
  private boolean advance(Piece piece) {
    pass(piece);
    ByteBuffer bytes = piece.bytes();
    if (bytes.hasRemaining() && closed) {
      throw SandboxException.wrongState(
          "The process's stdin is closed: it has been given its end of file.");
    }
    while (bytes.hasRemaining()) {
      int before = bytes.remaining();
      if (!unread && tryWrite(bytes) == Syscalls.WOULD_BLOCK) {
        watched = true;
        loop.watch(end, Syscalls.EPOLLOUT, this::writable);
        return false;
      }
      // What it did not want counts as given, so that all agree on where stdin stands.
      if (unread) {
        bytes.position(bytes.limit());
      }
      int given = before - bytes.remaining();
      count += given;
      piece.feed().advance(given);
      record.write(count, closed);
      if (piece.feed().body != null) {
        piece.feed().body.take(given);
      }
    }
    if (piece.close()) {
      close();
    }
    return true;
  }

  /** Skips what was fed before. */
  private void pass(Piece piece) {
    Feed feed = piece.feed();
    if (feed.at == Feed.ANYWHERE) {
      return;
    }
    long taken = feed.body == null ? count : feed.body.taken();
    if (feed.at > taken) {
      throw new SandboxException(
              ErrorCode.RANGE_NOT_SATISFIABLE,
              "offset: "
                  + feed.at
                  + " is not where stdin stands: it was given "
                  + count
                  + " bytes so far, go on from there")
          .with("field", "offset")
          .with("size", count);
    }
    int known = (int) Math.min(piece.bytes().remaining(), taken - feed.at);
    piece.bytes().position(piece.bytes().position() + known);
    feed.advance(known);
  }

  private int tryWrite(ByteBuffer bytes) {
    try {
      return syscalls.tryWrite(end, bytes);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EPIPE && e.errno() != Errno.EIO) {
        throw e;
      }
      // It has closed its stdin, which is its right.
      unread = true;
      return 0;
    }
  }

  /** End of file. A terminal stays open: what comes after it is the next thing to read. */
  @Override
  public synchronized void close() {
    if (terminal) {
      if (!unread) {
        tryWrite(ByteBuffer.wrap(END_OF_FILE));
      }
    } else if (!closed) {
      shut();
    }
  }

  private void shut() {
    closed = true;
    record.write(count, true);
    unwatch();
    end.close();
    whenClosed.run();
  }

  private void unwatch() {
    if (watched) {
      watched = false;
      loop.forget(end);
    }
  }
}
