package io.sandboxd.launch.rules;

import io.sandboxd.launch.LaunchRequest;
import io.sandboxd.launch.Mounts;
import io.sandboxd.launch.Op;
import io.sandboxd.launch.Plan;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.NamespaceType;
import java.util.List;

/**
 * The mounts by which the kernel shows a sandbox its own namespaces, and the private directories.
 */
public final class KernelMounts {
  /**
   * By which a root that is the host's could change the host, e.g. by a core_pattern of its own.
   */
  private static final List<String> READ_ONLY_IN_PROC =
      List.of("bus", "fs", "irq", "sys", "sysrq-trigger");

  private KernelMounts() {}

  /** Covers a part of a mounted proc with a read-only copy of itself; all by descriptor. */
  private static void readOnly(Plan.Builder plan, long proc, String name) {
    String path = "/proc/" + name;
    long part = plan.make();
    plan.step("enter /proc", path, Op.FCHDIR, proc);
    plan.step("copy mount " + path, path, Op.OPEN_TREE, part, name, Syscalls.OPEN_TREE_CLONE);
    long attributes = Mounts.NOSUID_NODEV_NOEXEC | Syscalls.MOUNT_ATTR_RDONLY;
    plan.step(
        "make " + path + " read-only",
        path,
        Op.MOUNT_SETATTR,
        part,
        "",
        Syscalls.AT_EMPTY_PATH,
        attributes,
        0,
        0);
    plan.step("mount " + path, path, Op.ATTACH, part, proc, name);
    plan.release(part);
  }

  /**
   * A new proc shows the pid namespace of its maker; the kernel lets only a privileged one have it
   * (and only while the host's is still in sight, mount_too_revealing() of fs/namespace.c). Who may
   * not gets the one that was there.
   */
  public static void proc(LaunchRequest request, Plan.Builder plan) {
    if (!Mounts.ownTree(request)) {
      return;
    }
    if (request.mayConfigure(NamespaceType.PID)) {
      long proc = plan.make();
      Mounts.create(plan, proc, "proc", List.of(), Mounts.NOSUID_NODEV_NOEXEC, "/proc");
      Mounts.putDirectory(plan, proc, "/proc");
      READ_ONLY_IN_PROC.forEach(name -> readOnly(plan, proc, name));
      plan.release(proc);
    } else if (request.spec().root() != null) {
      Mounts.attachDirectory(plan, Mounts.copy(plan, "/proc", true), "/proc");
    }
  }

  /** sysfs belongs to a network namespace, in the same way. */
  public static void sys(LaunchRequest request, Plan.Builder plan) {
    if (!Mounts.ownTree(request)) {
      return;
    }
    if (request.mayConfigure(NamespaceType.NETWORK)) {
      long readOnly = Mounts.NOSUID_NODEV_NOEXEC | Syscalls.MOUNT_ATTR_RDONLY;
      Mounts.mount(plan, "/sys", "sysfs", List.of(), readOnly);
      if (request.unifiedCgroup() && request.mayConfigure(NamespaceType.CGROUP)) {
        Mounts.mount(plan, "/sys/fs/cgroup", "cgroup2", List.of(), readOnly);
      }
    } else if (request.spec().root() != null) {
      long slot = Mounts.copy(plan, "/sys", true);
      plan.step(
          "make /sys read-only",
          "/sys",
          Op.MOUNT_SETATTR,
          slot,
          "",
          Syscalls.AT_EMPTY_PATH | Syscalls.AT_RECURSIVE,
          Syscalls.MOUNT_ATTR_RDONLY,
          0,
          0);
      Mounts.attachDirectory(plan, slot, "/sys");
    }
  }

  /** In the host's view, what others keep in these is not the sandbox's business. */
  public static void privateDirectories(LaunchRequest request, Plan.Builder plan) {
    if (Mounts.ownTree(request) && request.spec().root() == null) {
      long attributes = Syscalls.MOUNT_ATTR_NOSUID | Syscalls.MOUNT_ATTR_NODEV;
      Mounts.mount(plan, "/tmp", "tmpfs", List.of("mode=1777"), attributes);
      Mounts.mount(plan, "/run", "tmpfs", List.of("mode=755"), attributes);
    }
  }
}
