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
  private KernelMounts() {}

  /**
   * A new proc shows the pid namespace of its maker; the kernel lets only a privileged one have it
   * (and only while the host's is still in sight, mount_too_revealing() of fs/namespace.c). Who may
   * not gets the one that was there.
   */
  public static void proc(LaunchRequest request, Plan.Builder plan) {
    if (!Mounts.ownTree(request)) {
      return;
    }
    long proc;
    if (request.mayConfigure(NamespaceType.PID)) {
      proc = plan.make();
      Mounts.create(plan, proc, "proc", List.of(), Mounts.NOSUID_NODEV_NOEXEC, "/proc");
      Mounts.putDirectory(plan, proc, "/proc");
    } else if (request.spec().root() != null) {
      proc = Mounts.copy(plan, "/proc", true);
      Mounts.putDirectory(plan, proc, "/proc");
    } else {
      proc = Mounts.there(plan, "/proc");
    }
    ProtectedPaths.protect(request, plan, proc, "/proc");
    plan.release(proc);
  }

  /** sysfs belongs to a network namespace, in the same way. */
  public static void sys(LaunchRequest request, Plan.Builder plan) {
    if (!Mounts.ownTree(request)) {
      return;
    }
    long sys;
    if (request.mayConfigure(NamespaceType.NETWORK)) {
      long readOnly = Mounts.NOSUID_NODEV_NOEXEC | Syscalls.MOUNT_ATTR_RDONLY;
      sys = plan.make();
      Mounts.create(plan, sys, "sysfs", List.of(), readOnly, "/sys");
      Mounts.putDirectory(plan, sys, "/sys");
      if (request.unifiedCgroup() && request.mayConfigure(NamespaceType.CGROUP)) {
        Mounts.mount(plan, "/sys/fs/cgroup", "cgroup2", request.cgroup2Options(), readOnly);
      }
    } else if (request.spec().root() != null) {
      sys = Mounts.copy(plan, "/sys", true);
      plan.step(
          "make /sys read-only",
          "/sys",
          Op.MOUNT_SETATTR,
          sys,
          "",
          Syscalls.AT_EMPTY_PATH | Syscalls.AT_RECURSIVE,
          Syscalls.MOUNT_ATTR_RDONLY,
          0,
          0);
      Mounts.putDirectory(plan, sys, "/sys");
    } else {
      sys = Mounts.there(plan, "/sys");
    }
    ProtectedPaths.protect(request, plan, sys, "/sys");
    plan.release(sys);
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
