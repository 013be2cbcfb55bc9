package io.sandboxd.daemon;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * Ids that this host has promised to its users (subuid(5), subgid(5)). Were a sandbox given some of
 * them, a user's container could touch what is the sandbox's.
 */
final class SubordinateIds {
  private static final List<Path> FILES = List.of(Path.of("/etc/subuid"), Path.of("/etc/subgid"));
  private static final long IDS = 1L << 32;

  private SubordinateIds() {}

  /**
   * @param base from here on up ids are given to sandboxes
   * @throws StartException when users have some of them
   */
  static void keepClearOf(long base) throws IOException {
    keepClearOf(base, FILES);
  }

  static void keepClearOf(long base, List<Path> files) throws IOException {
    for (Path file : files) {
      for (String line : lines(file)) {
        long end = end(line);
        if (end > base) {
          throw StartException.configuration(
              "%s is %d, and %s has given ids above that away (%s): choose one of %d or more."
                  .formatted(Setting.ID_BASE.key(), base, file, line.strip(), rounded(end)));
        }
      }
    }
  }

  private static List<String> lines(Path file) throws IOException {
    try {
      // Names may be in any encoding.
      return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      return List.of();
    }
  }

  /** The first id behind a line's range; 0 for what is none. */
  private static long end(String line) {
    String[] fields = line.strip().split(":", -1);
    if (fields.length != 3 || line.startsWith("#")) {
      return 0;
    }
    try {
      long count = Long.parseLong(fields[2]);
      return count <= 0 ? 0 : Math.min(IDS, Math.addExact(Long.parseLong(fields[1]), count));
    } catch (ArithmeticException e) {
      return IDS;
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private static long rounded(long end) {
    long range = 1 << 16;
    return (end + range - 1) / range * range;
  }
}
