package io.sandboxd.cgroup;

import io.sandboxd.linux.MountInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The cgroup file systems of a mount namespace, from /proc/PID/mountinfo (proc(5)). */
final class CgroupMounts {
  /**
   * One hierarchy's mount.
   *
   * @param controllers those of v1 that sandboxes can use; empty for cgroup2, whose own files tell
   * @param whole from the hierarchy's top on, rather than a bind mount of some group in it
   * @param options of the file system cgroup2; empty for v1
   */
  record Mount(
      String point,
      boolean unified,
      Set<String> controllers,
      boolean whole,
      List<String> options) {}

  private CgroupMounts() {}

  /** Each hierarchy once, cgroup2 first. Without v1 hierarchies that concern no sandbox. */
  static List<Mount> parse(String mountinfo) {
    Map<Set<String>, Mount> found = new LinkedHashMap<>();
    for (String line : mountinfo.split("\n")) {
      MountInfo info = MountInfo.parse(line);
      Mount mount = info == null ? null : of(info);
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

  private static Mount of(MountInfo mount) {
    boolean whole = mount.root().equals("/");
    if (mount.type().equals("cgroup2")) {
      List<String> options =
          mount.superOptions().stream().filter(o -> !o.equals("rw") && !o.equals("ro")).toList();
      return new Mount(mount.point(), true, Set.of(), whole, options);
    }
    Set<String> attached = new LinkedHashSet<>(mount.superOptions());
    attached.retainAll(Controller.LEGACY_NAMES);
    return mount.type().equals("cgroup") && !attached.isEmpty()
        ? new Mount(mount.point(), false, attached, whole, List.of())
        : null;
  }
}
