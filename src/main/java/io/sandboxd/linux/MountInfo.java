package io.sandboxd.linux;

import java.util.Arrays;
import java.util.List;

/**
 * A line of {@code /proc/PID/mountinfo} (proc_pid_mountinfo(5)).
 *
 * @param root of the mount in its file system
 * @param point where it is mounted, below the process's root
 * @param options of the mount: {@code ro}, {@code nosuid}, …
 * @param superOptions of the file system
 */
public record MountInfo(
    String root,
    String point,
    List<String> options,
    String type,
    String source,
    List<String> superOptions) {
  private static final int ROOT = 3;
  private static final int POINT = 4;
  private static final int OPTIONS = 5;

  /** Null for what is no such line. */
  public static MountInfo parse(String line) {
    List<String> fields = Arrays.asList(line.strip().split(" "));
    int separator = fields.indexOf("-");
    if (separator <= OPTIONS || fields.size() < separator + 4) {
      return null;
    }
    return new MountInfo(
        unescape(fields.get(ROOT)),
        unescape(fields.get(POINT)),
        words(fields.get(OPTIONS)),
        fields.get(separator + 1),
        unescape(fields.get(separator + 2)),
        words(fields.get(separator + 3)));
  }

  private static List<String> words(String list) {
    return List.of(list.split(","));
  }

  /** Blank, tab, line feed and backslash are written as three octal digits. */
  private static String unescape(String field) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      if (c == '\\'
          && i + 3 < field.length()
          && field.substring(i + 1, i + 4).matches("[0-7]{3}")) {
        plain.append((char) Integer.parseInt(field.substring(i + 1, i + 4), 8));
        i += 3;
      } else {
        plain.append(c);
      }
    }
    return plain.toString();
  }
}
