package io.sandboxd.process;

import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What a process writes to stdout or stderr: a file that the process has open itself. The daemon is
 * not in between, so nothing waits for it and nothing is lost with it; what was written stays
 * readable from any offset.
 */
public final class OutputLog {
  /** The streams of a process; each is a file of this name. */
  public enum Stream {
    STDOUT,
    STDERR;

    String fileName() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  private final Path file;

  private OutputLog(Path file) {
    this.file = file;
  }

  /**
   * @param directory of the process
   */
  public static OutputLog of(Path directory, Stream stream) {
    return new OutputLog(directory.resolve(stream.fileName()));
  }

  /**
   * Makes the file, for a process to inherit. It appends, so that a process that seeks overwrites
   * nothing; it belongs to the process's user, so that it can open /dev/stdout anew.
   *
   * @param uid the user on the host
   * @param gid the group on the host
   */
  public Fd create(Syscalls syscalls, long uid, long gid) {
    Fd fd =
        syscalls.open(
            file.toString(),
            Syscalls.O_WRONLY
                | Syscalls.O_CREAT
                | Syscalls.O_EXCL
                | Syscalls.O_APPEND
                | Syscalls.O_NOFOLLOW,
            0600);
    try {
      syscalls.fchown(fd, uid, gid);
      return fd;
    } catch (RuntimeException e) {
      fd.close();
      throw e;
    }
  }

  /** Bytes written so far. */
  public long size() {
    try {
      return Files.size(file);
    } catch (NoSuchFileException e) {
      return 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Up to {@code limit} bytes from an offset on; none when there are no more. */
  public byte[] read(long offset, int limit) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      int count = (int) Math.max(0, Math.min(limit, channel.size() - offset));
      ByteBuffer buffer = ByteBuffer.allocate(count);
      while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) >= 0) {
        // A process that truncates its own log makes the end come early.
      }
      byte[] bytes = new byte[buffer.position()];
      buffer.flip().get(bytes);
      return bytes;
    } catch (NoSuchFileException e) {
      return new byte[0];
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
