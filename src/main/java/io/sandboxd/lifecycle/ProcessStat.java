package io.sandboxd.lifecycle;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What {@code /proc/PID/stat} tells (proc_pid_stat(5)). */
final class ProcessStat {
  /**
   * Fields are counted from 1; the second, the command, may hold anything, also brackets and
   * blanks.
   */
  private static final int START_TIME = 22;

  private ProcessStat() {}

  /** When it was started, in clock ticks since boot; null when there is no such process. */
  static Long startTicks(int pid) {
    try {
      byte[] bytes = Files.readAllBytes(Path.of("/proc/" + pid + "/stat"));
      String text = new String(bytes, StandardCharsets.ISO_8859_1);
      String[] afterCommand = text.substring(text.lastIndexOf(')') + 2).split(" ");
      return Long.valueOf(afterCommand[START_TIME - 3]);
    } catch (IOException | RuntimeException e) {
      return null;
    }
  }
}
