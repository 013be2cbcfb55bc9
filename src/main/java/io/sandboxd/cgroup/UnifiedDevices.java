package io.sandboxd.cgroup;

import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A program attached to a group of cgroup2 (kernel: cgroup-v2, "Device controller"). It stays with
 * the group, whatever becomes of the daemon. That works on hybrid hosts too, and spares them a
 * hierarchy to enter.
 */
final class UnifiedDevices implements DeviceGuard {
  /** Most sandboxes have the same list; a program that has been forgotten is loaded again. */
  private static final int KEPT = 64;

  private static final String OTHER = "a program that is none of the daemon's decides";

  private final Syscalls syscalls;
  private final Hierarchy hierarchy;
  private final Map<List<DeviceRule>, Fd> programs = new LinkedHashMap<>(16, 0.75f, true);

  UnifiedDevices(Syscalls syscalls, Hierarchy hierarchy) {
    this.syscalls = syscalls;
    this.hierarchy = hierarchy;
  }

  /** Whether the kernel takes such programs from the daemon. */
  static boolean work(Syscalls syscalls) {
    try {
      syscalls.loadDeviceProgram(DeviceProgram.of(List.of())).close();
      return true;
    } catch (ErrnoException e) {
      return false;
    }
  }

  @Override
  public String name() {
    return "bpf";
  }

  @Override
  public Hierarchy hierarchy() {
    return hierarchy;
  }

  @Override
  public void allowOnly(GroupDirectory group, List<DeviceRule> rules) {
    try (Fd directory = open(group)) {
      synchronized (programs) {
        syscalls.attachDeviceProgram(directory, program(rules));
      }
    }
  }

  @Override
  public List<String> allowed(GroupDirectory group, List<DeviceRule> wanted) {
    List<String> attached;
    String ours;
    try (Fd directory = open(group)) {
      synchronized (programs) {
        attached = syscalls.deviceProgramTags(directory);
        ours = wanted == null ? null : syscalls.programTag(program(wanted));
      }
    }
    if (attached.isEmpty()) {
      return List.of(DeviceRule.EVERYTHING);
    }
    return attached.contains(ours)
        ? wanted.stream().map(DeviceRule::text).toList()
        : List.of(OTHER);
  }

  private Fd open(GroupDirectory group) {
    return syscalls.open(group.path().toString(), Syscalls.O_RDONLY | Syscalls.O_DIRECTORY, 0);
  }

  private Fd program(List<DeviceRule> rules) {
    Fd known = programs.get(rules);
    if (known != null) {
      return known;
    }
    Fd loaded = syscalls.loadDeviceProgram(DeviceProgram.of(rules));
    programs.put(List.copyOf(rules), loaded);
    if (programs.size() > KEPT) {
      var oldest = programs.entrySet().iterator();
      oldest.next().getValue().close();
      oldest.remove();
    }
    return loaded;
  }
}
