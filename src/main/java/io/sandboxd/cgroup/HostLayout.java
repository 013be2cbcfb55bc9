package io.sandboxd.cgroup;

import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Which hierarchy of this host serves what. To see what its kernel can do it takes directories that
 * are not the hierarchies' tops, so ours are made first.
 */
final class HostLayout {
  /** Those that count what cgroup2 does not count anyway. */
  private static final List<String> FIGURES = List.of("memory", "pids");

  private final Map<String, Hierarchy> attached = new LinkedHashMap<>();
  private final Map<String, Controller> controllers = new LinkedHashMap<>();
  private final Map<String, String> reasons = new LinkedHashMap<>();
  private final String mode;
  private final List<Hierarchy> used;
  private final DeviceGuard devices;
  private final boolean hasDevicePrograms;
  private Hierarchy unified;
  private boolean hasUnifiedFreezer;

  /**
   * @param syscalls for programs that guard devices; null when there can be none
   * @throws ErrnoException when there is no hierarchy in which our root can be made
   */
  HostLayout(
      List<CgroupMounts.Mount> mounts,
      String root,
      ControlFiles files,
      BlockDevices disks,
      Syscalls syscalls) {
    this.mode = mode(mounts);
    this.hasDevicePrograms = syscalls != null && UnifiedDevices.work(syscalls);
    makeRoots(mounts, root, files);
    if (unified != null) {
      enableUnified();
    }
    for (String name : Controller.NAMES) {
      if (attached.containsKey(name)) {
        controllers.put(name, Controller.of(name, attached.get(name), disks));
      }
    }
    for (Controller controller : controllers.values()) {
      controller.hierarchy().descent().forEach(controller::prepareRoot);
    }
    this.devices = guard(syscalls);
    this.used = findUsed();
  }

  private DeviceGuard guard(Syscalls syscalls) {
    if (unified != null && hasDevicePrograms) {
      return new UnifiedDevices(syscalls, unified);
    }
    Hierarchy legacy = attached.get("devices");
    return legacy == null ? null : new LegacyDevices(legacy);
  }

  private void makeRoots(List<CgroupMounts.Mount> mounts, String root, ControlFiles files) {
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
            .forEach(name -> reasons.putIfAbsent(unifiedName(name), e.getMessage()));
        continue;
      }
      mount.controllers().forEach(name -> attached.put(unifiedName(name), hierarchy));
      if (mount.unified()) {
        unified = hierarchy;
        hasUnifiedFreezer = hierarchy.root().has(Freezer.Unified.FILE);
      }
    }
    if (unified == null && attached.isEmpty()) {
      throw refusal;
    }
  }

  /** What cgroup2 does better, or as well, needs no v1 hierarchy; cgroup2 comes first. */
  private boolean isCovered(Set<String> legacyControllers) {
    Set<String> needed = new LinkedHashSet<>(legacyControllers);
    if (unified != null) {
      needed.remove("cpuacct");
      if (hasDevicePrograms) {
        needed.remove("devices");
      }
    }
    if (hasUnifiedFreezer) {
      needed.remove("freezer");
    }
    return needed.isEmpty();
  }

  private void enableUnified() {
    List<String> wanted = new ArrayList<>(Controller.NAMES);
    wanted.removeAll(attached.keySet());
    Map<String, String> refused = new LinkedHashMap<>();
    unified.enable(wanted, refused);
    refused.forEach(reasons::putIfAbsent);
    wanted.removeAll(refused.keySet());
    wanted.forEach(name -> attached.put(name, unified));
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
        all.put(name, reasons.getOrDefault(name, "no cgroup hierarchy of this host has it"));
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
    if (hasUnifiedFreezer) {
      return new Freezer.Unified(unified.group(id));
    }
    Hierarchy legacy = attached.get("freezer");
    return legacy == null ? null : new Freezer.Legacy(legacy.group(id));
  }

  /** Null on a host that cannot keep anybody from a device. */
  DeviceGuard devices() {
    return devices;
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
    return used;
  }

  private List<Hierarchy> findUsed() {
    List<Hierarchy> wanted = new ArrayList<>();
    wanted.add(unified);
    controllers.values().forEach(controller -> wanted.add(controller.hierarchy()));
    wanted.add(hasUnifiedFreezer ? null : attached.get("freezer"));
    wanted.add(accounting());
    wanted.add(devices == null ? null : devices.hierarchy());
    Map<Path, Hierarchy> found = new LinkedHashMap<>();
    wanted.stream().filter(Objects::nonNull).forEach(each -> found.put(each.top().path(), each));
    return List.copyOf(found.values());
  }

  /**
   * Refuses what this host cannot enforce.
   *
   * @throws SandboxException {@code invalid_spec}, naming the field
   */
  void check(Resources wanted) {
    Map<String, String> missing = missing();
    for (Requests.Request request : Requests.in(wanted)) {
      String controller = request.controller();
      if (missing.containsKey(controller)) {
        throw SandboxException.invalid(
            request.field(),
            "this host has no " + controller + " controller: " + missing.get(controller));
      }
    }
    controllers.values().forEach(controller -> controller.check(wanted));
  }

  /**
   * Refuses what this host cannot enforce for one process of a sandbox.
   *
   * @throws SandboxException {@code invalid_spec}, naming the field
   */
  void checkChild(Resources wanted) {
    if (wanted.io() != null && !wanted.io().isEmpty()) {
      throw SandboxException.invalid(
          "resources.io", "devices are limited for a whole sandbox, not for one of its processes");
    }
    check(wanted);
  }

  /**
   * Which controllers of cgroup2 the group of a process with these limits is to have. Not simply
   * all: with {@code cpu} among them, the process and all the others together would get half of the
   * sandbox's time each, whoever asked for that or not.
   */
  List<String> unifiedNeeds(Resources wanted) {
    Set<String> needs = new LinkedHashSet<>(FIGURES);
    Requests.in(wanted).forEach(request -> needs.add(request.controller()));
    return needs.stream()
        .filter(name -> controllers.containsKey(name))
        .filter(name -> controllers.get(name).hierarchy().unified())
        .toList();
  }
}
