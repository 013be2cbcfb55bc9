package io.sandboxd.registry;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;

/**
 * Removes a tree that a sandbox has written, so one of any depth, with names of any length: no path
 * is ever longer than one name, no link is followed, and two directories are open at most. What
 * lies deep is moved up to the top first.
 */
public final class TreeRemoval {
  private final SecureDirectoryStream<Path> top;
  private long moved;

  private TreeRemoval(SecureDirectoryStream<Path> top) {
    this.top = top;
  }

  /** Harmless when there is nothing. */
  public static void remove(Path root) {
    if (removeEmpty(root)) {
      return; // so it mostly is
    }
    try {
      while (emptied(root)) {
        // What was moved up may have directories itself.
      }
      Files.deleteIfExists(root);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Of what is no directory, and may be a link to nowhere. */
  static void removeFile(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Also a file, which needs no descriptor: what is hardly there can be removed without any. What
   * is mounted there is not ours, and refused (EBUSY).
   *
   * @return whether nothing is left; else it is a directory with something in it
   */
  static boolean removeEmpty(Path root) {
    File plain = root.toFile();
    if (plain.delete() || !plain.exists()) {
      return true; // and nothing was thrown
    }
    try {
      Files.deleteIfExists(root);
      return true;
    } catch (DirectoryNotEmptyException e) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Does away with the upper two levels; whether there may be more. */
  private static boolean emptied(Path root) throws IOException {
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(root)) {
      TreeRemoval removal = new TreeRemoval((SecureDirectoryStream<Path>) stream);
      for (Path entry : stream) {
        removal.removeEntry(entry.getFileName());
      }
      return removal.moved > 0;
    }
  }

  private void removeEntry(Path name) throws IOException {
    if (!isDirectory(top, name)) {
      deleteFile(top, name);
      return;
    }
    if (deletedEmpty(top, name)) { // or refused, as something is mounted there
      return;
    }
    try (SecureDirectoryStream<Path> below =
        top.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
      for (Path entry : below) {
        Path child = entry.getFileName();
        if (!isDirectory(below, child)) {
          deleteFile(below, child);
        } else if (!deletedEmpty(below, child)) {
          moveUp(below, child);
        }
      }
    }
    if (!deletedEmpty(top, name)) {
      moved++; // something came in between; look again
    }
  }

  private void moveUp(SecureDirectoryStream<Path> from, Path name) throws IOException {
    while (true) {
      try {
        from.move(name, top, Path.of(".moved-" + System.nanoTime() + "-" + moved++));
        return;
      } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
        // The tree has one of that name; the next try has another.
      }
    }
  }

  private static boolean isDirectory(SecureDirectoryStream<Path> directory, Path name)
      throws IOException {
    try {
      return directory
          .getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
          .readAttributes()
          .isDirectory();
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private static void deleteFile(SecureDirectoryStream<Path> directory, Path name)
      throws IOException {
    try {
      directory.deleteFile(name);
    } catch (NoSuchFileException e) {
      // It is gone, as it shall be.
    }
  }

  private static boolean deletedEmpty(SecureDirectoryStream<Path> directory, Path name)
      throws IOException {
    try {
      directory.deleteDirectory(name);
      return true;
    } catch (NoSuchFileException e) {
      return true;
    } catch (DirectoryNotEmptyException e) {
      return false;
    }
  }
}
