package io.sandboxd.cgroup;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The cgroup file systems of a mount namespace, from /proc/PID/mountinfo (proc(5)). */
final class CgroupMounts {
  private static final int ROOT = 3;
  private static final int MOUNT_POINT = 4;

  /**
   * One hierarchy's mount.
   *
   * @param controllers those of v1 that sandboxes can use; empty for cgroup2, whose own files tell
   * @param whole from the hierarchy's top on, rather than a bind mount of some group in it
   */
  record Mount(String point, boolean unified, Set<String> controllers, boolean whole) {}

  private CgroupMounts() {}

  /** Each hierarchy once, cgroup2 first. Without v1 hierarchies that concern no sandbox. */
  static List<Mount> parse(String mountinfo) {
    Map<Set<String>, Mount> found = new LinkedHashMap<>();
    for (String line : mountinfo.split("\n")) {
      Mount mount = parseLine(ControlText.words(line));
      if (mount != null) {
        found.merge(mount.controllers(), mount, (a, b) -> a.whole() || !b.whole() ? a : b);
      }
    }
    List<Mount> mounts = new ArrayList<>();
    Mount unified = found.remove(Set.<String>of());
    if (unified != null) {
      mounts.add(unified);
    }
    mounts.addAll(found.values());
    return mounts;
  }

  private static Mount parseLine(List<String> fields) {
    int separator = fields.indexOf("-");
    if (separator <= MOUNT_POINT || fields.size() < separator + 4) {
      return null;
    }
    String point = unescape(fields.get(MOUNT_POINT));
    boolean whole = fields.get(ROOT).equals("/");
    String type = fields.get(separator + 1);
    if (type.equals("cgroup2")) {
      return new Mount(point, true, Set.of(), whole);
    }
    Set<String> attached = new LinkedHashSet<>(Arrays.asList(fields.get(separator + 3).split(",")));
    attached.retainAll(Controller.LEGACY_NAMES);
    return type.equals("cgroup") && !attached.isEmpty()
        ? new Mount(point, false, attached, whole)
        : null;
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
