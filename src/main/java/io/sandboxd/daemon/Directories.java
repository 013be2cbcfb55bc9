package io.sandboxd.daemon;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Directories the daemon keeps its own files in. */
final class Directories {
  private static final int S_ISVTX = 01000;
  private static final int WRITABLE_BY_OTHERS = 022;

  private Directories() {}

  /**
   * Makes the state directory, with mode 0711: clients may go through it to a socket, and cannot
   * see what else there is.
   *
   * @throws StartException if it is there and others could put files into it
   */
  static void makeState(Path directory) throws IOException {
    make(directory);
    if ((mode(directory) & WRITABLE_BY_OTHERS) != 0) {
      throw writable(directory);
    }
  }

  /**
   * Makes the directory of the socket. One like {@code /tmp} will do, where others can add files
   * but not take ours away.
   *
   * @throws StartException if it is there and others could put another socket in the place of ours
   */
  static void makeForSocket(Path directory) throws IOException {
    make(directory);
    int mode = mode(directory);
    if ((mode & WRITABLE_BY_OTHERS) != 0 && (mode & S_ISVTX) == 0) {
      throw writable(directory);
    }
  }

  /**
   * Makes the directory of the layers, with mode 0700.
   *
   * @return whether it is there now: a host where it cannot be made has no use for layers
   */
  static boolean makeForLayers(Path directory) {
    try {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static void make(Path directory) throws IOException {
    Path parent = directory.getParent();
    if (parent != null && !Files.exists(parent)) {
      Files.createDirectories(parent);
    }
    try {
      Files.createDirectory(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx--x--x")));
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(directory)) {
        throw StartException.unavailable(directory + " is in the way: it is no directory.");
      }
    }
  }

  private static int mode(Path directory) throws IOException {
    return (int) Files.getAttribute(directory, "unix:mode");
  }

  private static StartException writable(Path directory) {
    return StartException.unavailable(
        directory + " can be written to by others than its owner; it must not.");
  }
}
