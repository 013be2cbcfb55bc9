package io.sandboxd.linux;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Reads and writes what ought to be a file of ours and may be anything: no link is followed, no
 * pipe is waited for, and only so much is taken in as ours can have.
 */
public final class PlainFile {
  private PlainFile() {}

  /**
   * Writes a file that is not to be seen half written: it is to be renamed then. If there is
   * something of its name, that goes. What there was no room for is taken away again.
   */
  public static void writeNew(Path file, byte[] content) throws IOException {
    try {
      Files.write(file, content, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (FileAlreadyExistsException e) {
      Files.delete(file);
      Files.write(file, content, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (IOException e) {
      Files.deleteIfExists(file);
      throw e;
    }
  }

  /**
   * Puts a file in the place of the one of its name (rename(2)): a reader finds the old or the new
   * one, never half of either.
   */
  public static void replace(Path file, byte[] content) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    writeNew(fresh, content);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** So that it is not in the way of one of ours; harmless when there is none. */
  public static void tryDelete(Path file) {
    file.toFile().delete();
  }

  /**
   * @param limit bytes
   * @throws java.nio.file.NoSuchFileException if there is nothing
   * @throws IOException that says what is there instead
   */
  public static byte[] read(Path file, int limit) throws IOException {
    BasicFileAttributes found =
        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    // Looked at before it is opened: opening a pipe or a device does things.
    if (!found.isRegularFile()) {
      throw new IOException(file + " is no regular file");
    }
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      byte[] content = found.size() > limit ? null : in.readNBytes(limit + 1);
      if (content == null || content.length > limit) {
        throw new IOException(file + " is longer than " + limit + " bytes");
      }
      return content;
    }
  }
}
