package io.sandboxd.process;

import io.sandboxd.linux.EpollLoop;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jboss.logging.Logger;

/**
 * Takes what a process writes to its terminal and appends it to a log, so that reading a terminal
 * is reading a log: by any number of clients, and also when none was there at the time.
 */
public final class TerminalLog implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(TerminalLog.class);
  private static final int CHUNK = 64 * 1024;

  /** At the end, from those who still write though the process has ended. */
  private static final int MOST_CHUNKS = 64;

  private final Syscalls syscalls;
  private final EpollLoop loop;
  private final Fd master;
  private final Fd slave;
  private final Fd log;
  private boolean closed;
  private boolean full;

  /**
   * @param master the daemon's side of the terminal, ours from now on; must not block
   */
  public TerminalLog(Syscalls syscalls, EpollLoop loop, Fd master, OutputLog log) {
    this.syscalls = syscalls;
    this.loop = loop;
    this.master = master;
    this.log = log.append();
    // Held open, so that a process that has closed its side may open it again: else the kernel
    // would take the terminal for hung up.
    this.slave = peer();
    loop.watch(master, this::copy);
  }

  private Fd peer() {
    try {
      return syscalls.terminalPeer(master);
    } catch (RuntimeException e) {
      log.close();
      throw e;
    }
  }

  /** One chunk at a time: who writes without end must not keep the loop from others. */
  private synchronized void copy() {
    try {
      if (!closed) {
        copyChunk(ByteBuffer.allocate(CHUNK));
      }
    } catch (ErrnoException e) {
      // Hung up for good (vhangup(2)). It would be told again and again.
      LOG.debugf("A terminal is read no more: %s", e.getMessage());
      loop.forget(master);
    }
  }

  /**
   * @return whether there may be more
   */
  private boolean copyChunk(ByteBuffer buffer) {
    int count = syscalls.tryRead(master, buffer.clear());
    if (count > 0) {
      append(Arrays.copyOf(buffer.array(), count));
    }
    return count > 0;
  }

  /** What cannot be stored is lost: the process would else stand still. */
  private void append(byte[] bytes) {
    try {
      syscalls.writeAll(log, bytes);
      full = false;
    } catch (ErrnoException e) {
      if (!full) {
        LOG.errorf("A terminal's output cannot be stored: %s", e.getMessage());
      }
      full = true;
    }
  }

  /** ioctl_tty(2) TIOCSWINSZ; the processes in the foreground get SIGWINCH. */
  public synchronized void resize(int rows, int columns) {
    if (!closed) {
      syscalls.setWindowSize(master, rows, columns);
    }
  }

  /**
   * Takes what is left. The kernel hands out all that was written before it says that there is
   * nothing (n_tty_read() flushes first), so nothing is missed.
   */
  public synchronized void finish() {
    ByteBuffer buffer = ByteBuffer.allocate(CHUNK);
    try {
      for (int chunks = 0; !closed && chunks < MOST_CHUNKS && copyChunk(buffer); chunks++) {
        continue;
      }
    } catch (ErrnoException e) {
      LOG.debugf("A terminal has no more: %s", e.getMessage());
    }
    close();
  }

  /** Hangs up on whoever still uses the terminal (SIGHUP, EIO). */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      loop.forget(master);
      master.close();
      slave.close();
      log.close();
    }
  }
}
