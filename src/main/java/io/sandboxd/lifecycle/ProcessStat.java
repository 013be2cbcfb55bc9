package io.sandboxd.lifecycle;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What {@code /proc/PID/stat} tells (proc_pid_stat(5)). */
public final class ProcessStat {
  /**
   * Fields are counted from 1; the second, the command, may hold anything, also brackets and
   * blanks.
   */
  private static final int SESSION = 6;

  private static final int START_TIME = 22;

  private ProcessStat() {}

  /**
   * When it was started, in clock ticks since boot; null when there is no such process.
   *
   * @throws ErrnoException when the daemon has no means to look
   */
  public static Long startTicks(int pid) {
    return field(pid, START_TIME);
  }

  /** Its session, which is the pid of the session's leader; -1 when there is no such process. */
  static int session(int pid) {
    Long session = field(pid, SESSION);
    return session == null ? -1 : session.intValue();
  }

  private static Long field(int pid, int number) {
    try {
      byte[] bytes = Files.readAllBytes(Path.of("/proc/" + pid + "/stat"));
      String text = new String(bytes, StandardCharsets.ISO_8859_1);
      String[] afterCommand = text.substring(text.lastIndexOf(')') + 2).split(" ");
      return Long.valueOf(afterCommand[number - 3]);
    } catch (IOException e) {
      // That it could not be looked at does not mean that it is gone.
      if (Errno.isShortage(Errno.of(e))) {
        throw new ErrnoException("open", "/proc/" + pid + "/stat", Errno.of(e));
      }
      return null;
    } catch (RuntimeException e) {
      return null;
    }
  }
}
