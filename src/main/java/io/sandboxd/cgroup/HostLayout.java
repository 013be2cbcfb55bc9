package io.sandboxd.cgroup;

import io.sandboxd.linux.ErrnoException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which hierarchy of this host serves what. To see what its kernel can do it takes directories that
 * are not the hierarchies' tops, so ours are made first.
 */
final class HostLayout {
  private final List<Hierarchy> found = new ArrayList<>();
  private final Map<String, Hierarchy> attached = new LinkedHashMap<>();
  private final Map<String, Controller> controllers = new LinkedHashMap<>();
  private final Map<String, String> missing = new TreeMap<>();
  private final String mode;
  private Hierarchy unified;

  /**
   * @throws ErrnoException when there is no hierarchy in which our root can be made
   */
  HostLayout(
      List<CgroupMounts.Mount> mounts, String root, ControlFiles files, BlockDevices devices) {
    this.mode = mode(mounts);
    ErrnoException refusal = null;
    for (CgroupMounts.Mount mount : mounts) {
      if (!mount.unified() && isCovered(mount.controllers())) {
        continue;
      }
      Hierarchy hierarchy = Hierarchy.of(files, Path.of(mount.point()), root, mount.unified());
      try {
        hierarchy.descent().forEach(GroupDirectory::make);
      } catch (ErrnoException e) {
        refusal = e;
        (mount.unified() ? Controller.NAMES : mount.controllers())
            .forEach(name -> missing.putIfAbsent(unifiedName(name), e.getMessage()));
        continue;
      }
      found.add(hierarchy);
      mount.controllers().forEach(name -> attached.put(unifiedName(name), hierarchy));
      if (mount.unified()) {
        unified = hierarchy;
      }
    }
    if (found.isEmpty()) {
      throw refusal;
    }
    if (unified != null) {
      attachUnified();
    }
    for (String name : Controller.NAMES) {
      if (attached.containsKey(name)) {
        controllers.put(name, Controller.of(name, attached.get(name), devices));
      }
    }
    for (Controller controller : controllers.values()) {
      controller.hierarchy().descent().forEach(controller::prepare);
    }
  }

  /** What cgroup2 does better, or as well, needs no v1 hierarchy; cgroup2 comes first. */
  private boolean isCovered(Set<String> legacyControllers) {
    Set<String> needed = new LinkedHashSet<>(legacyControllers);
    if (unified != null) {
      needed.remove("cpuacct");
    }
    if (hasUnifiedFreezer()) {
      needed.remove("freezer");
    }
    return needed.isEmpty();
  }

  private void attachUnified() {
    List<String> wanted = new ArrayList<>(Controller.NAMES);
    wanted.removeAll(attached.keySet());
    Map<String, String> reasons = new LinkedHashMap<>();
    unified.enable(wanted, reasons);
    wanted.removeAll(reasons.keySet());
    wanted.forEach(name -> attached.put(name, unified));
    reasons.forEach(missing::putIfAbsent);
  }

  private static String mode(List<CgroupMounts.Mount> mounts) {
    boolean hasUnified = mounts.stream().anyMatch(CgroupMounts.Mount::unified);
    boolean hasLegacy = mounts.stream().anyMatch(mount -> !mount.unified());
    return hasUnified ? hasLegacy ? "hybrid" : "unified" : "legacy";
  }

  private static String unifiedName(String name) {
    return name.equals("blkio") ? "io" : name;
  }

  String mode() {
    return mode;
  }

  Map<String, Controller> controllers() {
    return controllers;
  }

  /** Why each controller that is not there is not. */
  Map<String, String> missing() {
    Map<String, String> all = new LinkedHashMap<>();
    for (String name : Controller.NAMES) {
      if (!controllers.containsKey(name)) {
        all.put(name, missing.getOrDefault(name, "no cgroup hierarchy of this host has it"));
      }
    }
    return all;
  }

  /** cgroup2, or null. */
  Hierarchy unified() {
    return unified;
  }

  /** Null on a host that cannot freeze. */
  Freezer freezer(String id) {
    if (hasUnifiedFreezer()) {
      return new Freezer.Unified(unified.group(id));
    }
    Hierarchy legacy = attached.get("freezer");
    return legacy == null ? null : new Freezer.Legacy(legacy.group(id));
  }

  private boolean hasUnifiedFreezer() {
    return unified != null && unified.root().has(Freezer.Unified.FILE);
  }

  /** The v1 hierarchy that counts CPU time, or null; not needed where cgroup2 does. */
  Hierarchy accounting() {
    return unified == null ? attached.get("cpuacct") : null;
  }

  /**
   * Those in which a sandbox has a group: no more than needed, for entering each takes time.
   * cgroup2 is first, so that a process is in its reach before it is anywhere else.
   */
  List<Hierarchy> used() {
    Set<Hierarchy> used = new LinkedHashSet<>();
    if (unified != null) {
      used.add(unified);
    }
    controllers.values().forEach(controller -> used.add(controller.hierarchy()));
    if (!hasUnifiedFreezer() && attached.containsKey("freezer")) {
      used.add(attached.get("freezer"));
    }
    if (accounting() != null) {
      used.add(accounting());
    }
    return List.copyOf(used);
  }
}
