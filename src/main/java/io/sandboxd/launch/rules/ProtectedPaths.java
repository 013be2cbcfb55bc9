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
    List<MaskedPath> masked =
        request.maskedPaths().stream().filter(m -> m.path().startsWith(top + "/")).toList();
    masked.stream()
        .filter(m -> !m.directory())
        .forEach(file -> maskFile(plan, mount, file.path(), inside(file.path(), top)));
    List<String> directories =
        masked.stream().filter(MaskedPath::directory).map(MaskedPath::path).toList();
    if (!directories.isEmpty()) {
      maskDirectories(plan, mount, directories, top);
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

  /** It becomes an empty one. */
  private static void maskFile(Plan.Builder plan, long mount, String path, String name) {
    long cover = Mounts.copy(plan, "/dev/null", false);
    plan.step("mask " + path, path, Op.ATTACH, cover, mount, name);
    plan.release(cover);
  }

  /**
   * They become one empty directory: a file system for each would take the kernel twice the time.
   */
  private static void maskDirectories(
      Plan.Builder plan, long mount, List<String> paths, String top) {
    String first = paths.get(0);
    long cover = plan.make();
    long attributes = Mounts.NOSUID_NODEV_NOEXEC | Syscalls.MOUNT_ATTR_RDONLY;
    Mounts.create(plan, cover, "tmpfs", List.of("mode=755", "size=4k"), attributes, first);
    plan.step("mask " + first, first, Op.ATTACH, cover, mount, inside(first, top));
    for (String path : paths.subList(1, paths.size())) {
      long copy = plan.make();
      plan.step("enter mount", path, Op.FCHDIR, cover);
      plan.step("copy mount " + first, path, Op.OPEN_TREE, copy, ".", Syscalls.OPEN_TREE_CLONE);
      plan.step("mask " + path, path, Op.ATTACH, copy, mount, inside(path, top));
      plan.release(copy);
    }
    plan.release(cover);
  }
}
