package io.sandboxd.process;

import io.sandboxd.linux.PlainFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jboss.logging.Logger;

/**
 * How much a process's stdin was given, in a file of eight bytes that is kept up with every write,
 * so that a client can repeat itself to the next daemon too. The number's complement stands for a
 * stdin that is closed.
 */
public final class StdinRecord {
  private static final Logger LOG = Logger.getLogger(StdinRecord.class);

  /**
   * @param count bytes
   */
  public record State(long count, boolean closed) {}

  private final Path file;

  public StdinRecord(Path file) {
    this.file = file;
  }

  /** Nothing yet, when there is no record. */
  State read() {
    ByteBuffer content;
    try {
      content = ByteBuffer.wrap(PlainFile.read(file, Long.BYTES));
      if (content.remaining() < Long.BYTES) {
        return new State(0, false);
      }
    } catch (NoSuchFileException e) {
      return new State(0, false);
    } catch (IOException e) {
      LOG.errorf("%s cannot be read, and is put away: %s", file, e.getMessage());
      PlainFile.tryDelete(file);
      return new State(0, false);
    }
    long number = content.getLong(0);
    return number < 0 ? new State(~number, true) : new State(number, false);
  }

  void write(long count, boolean closed) {
    ByteBuffer content = ByteBuffer.allocate(Long.BYTES).putLong(0, closed ? ~count : count);
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.WRITE, StandardOpenOption.CREATE, LinkOption.NOFOLLOW_LINKS)) {
      channel.write(content);
    } catch (IOException e) {
      LOG.errorf("%s cannot be written: %s", file, e.getMessage());
    }
  }
}
