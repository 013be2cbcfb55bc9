package io.sandboxd.cgroup;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import java.util.LinkedHashMap;
import java.util.Map;

/** What becomes of a limit file's text when something is written to it. */
final class FakeLimits {
  private static final long NO_MEMORY_LIMIT = 9223372036854771712L;

  private FakeLimits() {}

  /** The limit of memory alone is never above that of memory and swap, {@code other}. */
  static String memory(String file, Long other, String text) {
    long value = text.equals("-1") ? NO_MEMORY_LIMIT : Long.parseLong(text);
    boolean withSwap = file.contains("memsw");
    if (other != null && (withSwap ? value < other : value > other)) {
      throw new ErrnoException("write", file, Errno.EINVAL);
    }
    return value + "\n";
  }

  /** One line per device, which goes when nothing is left of it. */
  static String line(String before, String text, String nothing) {
    Map<String, String> lines = new LinkedHashMap<>();
    for (String line : (before + text).split("\n")) {
      int blank = line.indexOf(' ');
      lines.put(line.substring(0, blank), line.substring(blank));
    }
    lines.values().removeIf(nothing::equals);
    StringBuilder all = new StringBuilder();
    lines.forEach((device, rest) -> all.append(device).append(rest).append('\n'));
    return all.toString();
  }
}
