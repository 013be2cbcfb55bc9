package io.sandboxd.it;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.stream.Stream;

/** What the host says of a process and of files. */
final class Figures {
  private Figures() {}

  /** Open descriptors. */
  static int descriptors(long pid) {
    try (Stream<Path> all = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return (int) all.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static int threads(long pid) {
    return (int) status(pid, "Threads");
  }

  /** Resident memory. */
  static long rssMib(long pid) {
    return status(pid, "VmRSS") / 1024;
  }

  private static long status(long pid, String field) {
    return HostCgroups.lines(Path.of("/proc/" + pid + "/status")).stream()
        .filter(line -> line.startsWith(field + ":"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  /** Whether a thread of this test is in a write(2) that goes no further. */
  static boolean waitsToWrite(Thread thread) {
    for (int look = 0; look < 3; look++) {
      StackTraceElement[] stack = thread.getStackTrace();
      if (stack.length == 0 || !stack[0].getMethodName().startsWith("write")) {
        return false;
      }
    }
    return true;
  }

  /** Terminals of all the host (pty(7)). */
  static int terminals() {
    return Integer.parseInt(HostCgroups.lines(Path.of("/proc/sys/kernel/pty/nr")).get(0));
  }

  /** What the files of a tree take in storage, holes not counted. */
  static long storedMib(Path tree) {
    long[] blocks = {0};
    try {
      Files.walkFileTree(
          tree,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              blocks[0] += stored(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException gone) {
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return blocks[0] >> 20;
  }

  /** Java does not know it; stat(1) does. */
  private static long stored(Path file) {
    String[] blocks = TestSandbox.host("stat", "-c", "%b %B", file.toString()).split(" ");
    return Long.parseLong(blocks[0]) * Long.parseLong(blocks[1]);
  }

  static String sha256(InputStream bytes) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] piece = new byte[1 << 16];
      for (int count; (count = bytes.read(piece)) > 0; ) {
        digest.update(piece, 0, count);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
