package io.sandboxd.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Trees of files. */
final class Directories {
  private Directories() {}

  /** Everything below a directory, as paths relative to it; nothing if it is not there. */
  static List<Path> content(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return List.of();
    }
    try (Stream<Path> tree = Files.walk(directory)) {
      return tree.filter(path -> !path.equals(directory))
          .map(directory::relativize)
          .sorted()
          .toList();
    }
  }

  static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    for (Path path : content(from)) {
      Path source = from.resolve(path);
      if (Files.isDirectory(source)) {
        Files.createDirectories(to.resolve(path));
      } else {
        Files.copy(source, to.resolve(path));
      }
    }
  }

  static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    List<Path> all;
    try (Stream<Path> tree = Files.walk(directory)) {
      all = tree.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : all) {
      Files.deleteIfExists(path);
    }
  }
}
