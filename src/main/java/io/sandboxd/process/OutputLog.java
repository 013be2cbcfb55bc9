package io.sandboxd.process;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.linux.Syscalls.FileState;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * What a process writes to stdout or stderr: a file that the process has open itself. The daemon is
 * not in between, so nothing waits for it and nothing is lost with it; what was written stays
 * readable by its offset.
 *
 * <p>How much of it is kept is bounded: what is older is given back to the file system as a hole
 * (fallocate(2), FALLOC_FL_PUNCH_HOLE), which leaves all offsets as they are. What is a hole and
 * what is not, only the file itself knows, so that a restart forgets nothing, and a process that
 * punches, truncates or overwrites its own log is a matter of its own.
 */
public final class OutputLog {
  /** The streams of a process; a terminal has the first one only. */
  public enum Stream {
    STDOUT,
    STDERR;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A stretch of output without a gap.
   *
   * @param start of its first byte
   * @param end after its last byte, so far
   */
  public record Extent(long start, long end) {}

  /**
   * What was written first.
   *
   * @param isCut whether there is more, or was
   */
  public record Beginning(byte[] bytes, boolean isCut) {}

  private static final byte[] NONE = {};
  private static final Beginning NOTHING = new Beginning(NONE, false);

  /** Storage is given back in whole pages; no page of a supported machine is larger. */
  private static final long PAGE = 64 * 1024;

  /** How much more than it shall may be stored, so that not every write makes a hole. */
  private static final long SLACK_PART = 8;

  private static final long LEAST_SLACK = 4 * PAGE;

  /** Storage is taken before the size says so; no write(2) in progress has taken more. */
  private static final long MOST_IN_FLIGHT = 16 << 20;

  private final Syscalls syscalls;
  private final Path file;

  private OutputLog(Syscalls syscalls, Path file) {
    this.syscalls = syscalls;
    this.file = file;
  }

  /**
   * @param directory of all logs of a sandbox
   * @param seq the process's number
   */
  public static OutputLog of(Syscalls syscalls, Path directory, int seq, Stream stream) {
    return new OutputLog(syscalls, directory.resolve(seq + "." + stream.word()));
  }

  /** The process whose log is called so; empty for what is no log. */
  public static Optional<Integer> seqOf(String fileName) {
    int dot = fileName.indexOf('.');
    return dot > 0 && dot < 10 && fileName.substring(0, dot).chars().allMatch(Character::isDigit)
        ? Optional.of(Integer.valueOf(fileName.substring(0, dot)))
        : Optional.empty();
  }

  /**
   * Makes the file, for a process to inherit. It appends, so that a process that seeks overwrites
   * nothing; it belongs to the process's user, so that it can open /dev/stdout anew.
   *
   * @param uid the user on the host
   * @param gid the group on the host
   */
  public Fd create(long uid, long gid) {
    Fd fd = open(Syscalls.O_WRONLY | Syscalls.O_CREAT | Syscalls.O_EXCL | Syscalls.O_APPEND);
    try {
      syscalls.fchown(fd, uid, gid);
      return fd;
    } catch (RuntimeException e) {
      fd.close();
      throw e;
    }
  }

  /** For a process without a file of its own: what it writes is put here by others. */
  public Fd append() {
    return open(Syscalls.O_WRONLY | Syscalls.O_CREAT | Syscalls.O_APPEND);
  }

  private Fd open(int flags) {
    return syscalls.open(file.toString(), flags | Syscalls.O_NOFOLLOW, 0600);
  }

  /**
   * The file is the process's own, which may hold a lease on it (fcntl(2), F_SETLEASE): the daemon
   * would stand still until that is broken.
   */
  private Fd openWithoutWaiting(int flags) {
    return open(flags | Syscalls.O_NONBLOCK);
  }

  /** Bytes written so far, the forgotten ones too. */
  public long size() {
    try {
      return syscalls.state(file.toString()).size();
    } catch (ErrnoException e) {
      return none(e, 0L);
    }
  }

  /**
   * Gives back what is older than what shall be kept.
   *
   * @param retention bytes to keep at the end
   * @param head bytes to keep at the beginning
   */
  public void trim(long retention, long head) {
    try {
      long most = retention + head + Math.max(LEAST_SLACK, retention / SLACK_PART);
      if (syscalls.state(file.toString()).allocated() <= most) {
        return;
      }
      try (Fd fd = openWithoutWaiting(Syscalls.O_WRONLY)) {
        long size = syscalls.state(fd).size();
        long from = (head + PAGE - 1) / PAGE * PAGE;
        long to = (size - retention) / PAGE * PAGE;
        if (to > from) {
          syscalls.punchHole(fd, from, to - from);
        }
        cutBeyond(fd, head + PAGE, Math.max(0, to));
      }
    } catch (ErrnoException e) {
      none(e, null);
    }
  }

  /**
   * A process can store beyond the end, too (fallocate(2), FALLOC_FL_KEEP_SIZE), where some file
   * systems make no holes. What it writes at that very moment may be lost with it, so this must not
   * happen to one that does no such thing.
   */
  private void cutBeyond(Fd fd, long head, long from) {
    FileState state = syscalls.state(fd);
    boolean much = state.allocated() > head + state.size() - from + MOST_IN_FLIGHT;
    if (much && syscalls.fileSystemType(fd) != Syscalls.XFS_SUPER_MAGIC) {
      syscalls.truncate(fd, state.size());
    }
  }

  /** The first stretch that has something from this offset on; an empty one at the end if none. */
  public Extent from(long offset) {
    try (Fd fd = openWithoutWaiting(Syscalls.O_RDONLY)) {
      return from(fd, offset);
    } catch (ErrnoException e) {
      return none(e, new Extent(offset, offset));
    }
  }

  private Extent from(Fd fd, long offset) {
    long start = syscalls.seek(fd, offset, Syscalls.SEEK_DATA);
    if (start < 0) {
      long size = Math.max(offset, syscalls.state(fd).size());
      // Once more: what was written between the two is no hole.
      start = syscalls.seek(fd, offset, Syscalls.SEEK_DATA);
      if (start < 0) {
        return new Extent(size, size);
      }
    }
    return new Extent(start, Math.max(start, syscalls.seek(fd, start, Syscalls.SEEK_HOLE)));
  }

  /**
   * Up to {@code limit} bytes from the first one on; none where those are there no more.
   *
   * @throws SandboxException {@code busy}
   */
  public Beginning beginning(int limit) {
    if (size() == 0) { // as most are
      return NOTHING;
    }
    try (Fd fd = openWithoutWaiting(Syscalls.O_RDONLY)) {
      byte[] bytes = read(fd, 0, limit);
      boolean isCut = bytes == null || syscalls.state(fd).size() > limit;
      return new Beginning(bytes == null ? NONE : bytes, isCut);
    } catch (ErrnoException e) {
      return none(e, NOTHING);
    }
  }

  /**
   * Up to {@code limit} bytes from an offset on.
   *
   * @return null if what was there is there no more; none at the end
   */
  public byte[] read(long offset, int limit) {
    try (Fd fd = openWithoutWaiting(Syscalls.O_RDONLY)) {
      return read(fd, offset, limit);
    } catch (ErrnoException e) {
      return none(e, NONE);
    }
  }

  private byte[] read(Fd fd, long offset, int limit) {
    Extent before = from(fd, offset);
    if (before.start() > offset) {
      return null;
    }
    ByteBuffer buffer =
        ByteBuffer.allocate((int) Math.max(0, Math.min(limit, before.end() - offset)));
    while (buffer.hasRemaining() && syscalls.readAt(fd, buffer, offset + buffer.position()) > 0) {
      // A process that truncates its own log makes the end come early.
    }
    int count = buffer.position();
    Extent after = from(fd, offset);
    // A hole that was punched meanwhile was read as zeros.
    if (count > 0 && (after.start() > offset || after.end() < offset + count)) {
      return null;
    }
    return count == buffer.capacity()
        ? buffer.array()
        : java.util.Arrays.copyOf(buffer.array(), count);
  }

  @Override
  public String toString() {
    return file.toString();
  }

  /** A log that is not there, or not any more, is an empty one. */
  private static <T> T none(ErrnoException e, T empty) {
    if (e.errno() == Errno.EAGAIN) {
      throw new SandboxException(
          ErrorCode.BUSY,
          "The process holds a lease on its own output: until it gives it back, or the kernel takes"
              + " it, nobody can read.",
          e);
    }
    if (e.errno() != Errno.ENOENT) {
      throw e;
    }
    return empty;
  }
}
