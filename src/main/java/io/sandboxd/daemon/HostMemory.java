package io.sandboxd.daemon;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How much memory there is for all. */
final class HostMemory {
  private static final Path MEMINFO = Path.of("/proc/meminfo");
  private static final String TOTAL = "MemTotal:";

  private HostMemory() {}

  /** As proc_meminfo(5) says. */
  static long bytes() {
    try {
      List<String> lines = Files.readAllLines(MEMINFO);
      String line = lines.stream().filter(l -> l.startsWith(TOTAL)).findFirst().orElseThrow();
      return Long.parseLong(line.replaceAll("\\D", "")) << 10;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
