package io.sandboxd.launch.rules;

import io.sandboxd.launch.LaunchRequest;
import io.sandboxd.launch.LaunchRequest.MaskedPath;
import io.sandboxd.launch.Mounts;
import io.sandboxd.launch.Op;
import io.sandboxd.launch.Plan;
import io.sandboxd.linux.Syscalls;
import java.util.List;

/**
 * What the kernel's own file systems would tell or let do about the host, whatever namespaces one
 * is in: read-only or out of sight ({@code readonlyPaths} and {@code maskedPaths} of the OCI
 * runtime-spec). All by the descriptor of the mounted file system: a path may have been led
 * elsewhere meanwhile by who shares the root.
 */
final class ProtectedPaths {
  private ProtectedPaths() {}

  /**
   * @param mount slot of the file system that is mounted at {@code top}
   * @param top {@code /proc} or {@code /sys}
   */
  static void protect(LaunchRequest request, Plan.Builder plan, long mount, String top) {
    for (String path : request.readonlyPaths()) {
      if (path.startsWith(top + "/")) {
        readOnly(plan, mount, path, inside(path, top));
      }
    }
    for (MaskedPath masked : request.maskedPaths()) {
      if (masked.path().startsWith(top + "/")) {
        mask(plan, mount, masked, inside(masked.path(), top));
      }
    }
  }

  private static String inside(String path, String top) {
    return path.substring(top.length() + 1);
  }

  /**
   * Covers it with a read-only copy of itself, and of what is mounted below: a part that others
   * have mounted something in can be had only as a whole (mount_namespaces(7), "Restrictions").
   */
  private static void readOnly(Plan.Builder plan, long mount, String path, String name) {
    long part = plan.make();
    plan.step("enter mount", path, Op.FCHDIR, mount);
    int all = Syscalls.OPEN_TREE_CLONE | Syscalls.AT_RECURSIVE;
    plan.step("copy mount " + path, path, Op.OPEN_TREE, part, name, all);
    long attributes = Mounts.NOSUID_NODEV_NOEXEC | Syscalls.MOUNT_ATTR_RDONLY;
    plan.step(
        "make " + path + " read-only",
        path,
        Op.MOUNT_SETATTR,
        part,
        "",
        Syscalls.AT_EMPTY_PATH | Syscalls.AT_RECURSIVE,
        attributes,
        0,
        0);
    plan.step("mount " + path, path, Op.ATTACH, part, mount, name);
    plan.release(part);
  }

  /** A directory becomes an empty one, a file an empty one. */
  private static void mask(Plan.Builder plan, long mount, MaskedPath masked, String name) {
    String path = masked.path();
    long cover;
    if (masked.directory()) {
      cover = plan.make();
      long attributes = Mounts.NOSUID_NODEV_NOEXEC | Syscalls.MOUNT_ATTR_RDONLY;
      Mounts.create(plan, cover, "tmpfs", List.of("mode=755", "size=4k"), attributes, path);
    } else {
      cover = Mounts.copy(plan, "/dev/null", false);
    }
    plan.step("mask " + path, path, Op.ATTACH, cover, mount, name);
    plan.release(cover);
  }
}
