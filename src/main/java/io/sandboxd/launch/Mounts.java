package io.sandboxd.launch;

import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.NamespaceType;
import java.util.List;

/** The words in which rules speak of mounts. */
public final class Mounts {
  /** The slot of the sandbox's root directory, in which all targets are resolved. */
  public static final long ROOT_SLOT = Plan.MAX_SLOTS - 1L;

  public static final long NOSUID_NODEV_NOEXEC =
      Syscalls.MOUNT_ATTR_NOSUID | Syscalls.MOUNT_ATTR_NODEV | Syscalls.MOUNT_ATTR_NOEXEC;

  private Mounts() {}

  /**
   * Whether the sandbox's tree of mounts is ours to arrange; one that is joined or the host's is
   * not.
   */
  public static boolean ownTree(LaunchRequest request) {
    return request.isNew(NamespaceType.MOUNT);
  }

  /** A new, detached mount of a file system. */
  public static void create(
      Plan.Builder plan,
      long slot,
      String type,
      List<String> options,
      long attributes,
      String target) {
    plan.step(
        "create " + type + " for " + target, target, Op.NEW_MOUNT, slot, type, options, attributes);
  }

  /** A new mount of a file system at a directory inside, which is made when it is missing. */
  public static void mount(
      Plan.Builder plan, String target, String type, List<String> options, long attributes) {
    long slot = plan.make();
    create(plan, slot, type, options, attributes, target);
    attachDirectory(plan, slot, target);
  }

  public static void attachDirectory(Plan.Builder plan, long mount, String target) {
    putDirectory(plan, mount, target);
    plan.release(mount);
  }

  /** As {@link #attachDirectory}, and the mount's descriptor stays open. */
  public static void putDirectory(Plan.Builder plan, long mount, String target) {
    plan.step("make mount point " + target, target, Op.MAKE_DIRS, ROOT_SLOT, target, 0755);
    plan.step("mount " + target, target, Op.ATTACH, mount, ROOT_SLOT, target);
  }

  public static void attachFile(Plan.Builder plan, long mount, String target) {
    plan.step("make mount point " + target, target, Op.MAKE_FILE, ROOT_SLOT, target);
    plan.step("mount " + target, target, Op.ATTACH, mount, ROOT_SLOT, target);
    plan.release(mount);
  }

  /** What is mounted at a directory of the host's tree, where it is. */
  public static long there(Plan.Builder plan, String path) {
    long slot = plan.make();
    plan.step("open " + path, path, Op.OPEN, slot, path, Syscalls.O_PATH | Syscalls.O_DIRECTORY);
    return slot;
  }

  /**
   * A detached copy of what the host's tree shows at a path; it must be taken before that is
   * covered.
   */
  public static long copy(Plan.Builder plan, String path, boolean recursive) {
    long slot = plan.make();
    int flags = Syscalls.OPEN_TREE_CLONE | (recursive ? Syscalls.AT_RECURSIVE : 0);
    plan.step("copy mount " + path, path, Op.OPEN_TREE, slot, path, flags);
    return slot;
  }
}
