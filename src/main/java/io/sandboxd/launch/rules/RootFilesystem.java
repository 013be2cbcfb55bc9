package io.sandboxd.launch.rules;

import io.sandboxd.launch.FdSource;
import io.sandboxd.launch.LaunchRequest;
import io.sandboxd.launch.Mounts;
import io.sandboxd.launch.Op;
import io.sandboxd.launch.Plan;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.SandboxSpec.Root;
import java.util.List;

/**
 * What {@code /} is. Without a root of its own the sandbox sees the host's tree, made read-only in
 * place; else a tree of mounts is built beside it, and pivot_root(2) leaves the host's behind.
 */
public final class RootFilesystem {
  private static final int O_PATH_DIRECTORY = Syscalls.O_PATH | Syscalls.O_DIRECTORY;
  private static final int MNT_DETACH = 2;

  private RootFilesystem() {}

  /** Ids inside mean something only from here on; files that are made shall be root's. */
  public static void becomeRoot(LaunchRequest request, Plan.Builder plan) {
    if (request.inUserNamespace()) {
      plan.step("become root inside", null, Op.IDS, 0, 0);
    }
  }

  /**
   * What is mounted on one side stays there. Not even from the host to the inside: a later mount of
   * the host's would come writable into a tree that is read-only. The price is that what the host
   * unmounts stays busy.
   */
  public static void stopPropagation(LaunchRequest request, Plan.Builder plan) {
    if (Mounts.ownTree(request)) {
      setAttributes(plan, "stop mount propagation", "/", 0, Syscalls.MS_PRIVATE);
    }
  }

  public static void hostView(LaunchRequest request, Plan.Builder plan) {
    if (!Mounts.ownTree(request) || request.spec().root() != null) {
      return;
    }
    setAttributes(plan, "make the host's tree read-only", "/", Syscalls.MOUNT_ATTR_RDONLY, 0);
    plan.step("open root", "/", Op.OPEN, Mounts.ROOT_SLOT, "/", O_PATH_DIRECTORY);
  }

  private static void setAttributes(
      Plan.Builder plan, String name, String path, long attributes, long propagation) {
    plan.step(
        name, path, Op.MOUNT_SETATTR, -1, path, Syscalls.AT_RECURSIVE, attributes, 0, propagation);
  }

  /** The given directory, laid over the host's root. */
  public static void ownRoot(LaunchRequest request, Plan.Builder plan) {
    Root root = request.spec().root();
    if (root == null) {
      return;
    }
    boolean mapped = request.inUserNamespace();
    long tree = plan.send(new FdSource.MountTree("root.path", root.path(), false, mapped));
    long host = plan.make();
    plan.step("open root", "/", Op.OPEN, host, "/", O_PATH_DIRECTORY);
    if (isOverlay(root)) {
      overlay(plan, tree, host, mapped);
    } else {
      plan.step("mount root", root.path(), Op.ATTACH, tree, host, "");
      plan.step("enter root", root.path(), Op.FCHDIR, tree);
    }
    plan.step("open root", root.path(), Op.OPEN, Mounts.ROOT_SLOT, ".", O_PATH_DIRECTORY);
  }

  /**
   * The parts of an overlay must be mounted somewhere while it is made (before Linux 6.15 it takes
   * no detached ones): on a stage that covers the host's root, and goes with it.
   */
  private static void overlay(Plan.Builder plan, long lower, long host, boolean mapped) {
    long layer = plan.send(new FdSource.Layer(mapped));
    long stage = plan.make();
    Mounts.create(plan, stage, "tmpfs", List.of("mode=755", "size=64k"), 0, "stage");
    plan.step("mount stage", "/", Op.ATTACH, stage, host, "");
    for (String place : List.of("lower", "layer", "merged")) {
      plan.step("make stage", place, Op.MAKE_DIRS, stage, place, 0755);
    }
    plan.step("mount lower", null, Op.ATTACH, lower, stage, "lower");
    plan.step("mount layer", null, Op.ATTACH, layer, stage, "layer");
    plan.step("enter stage", null, Op.FCHDIR, stage);
    // Relative paths: the stage has no path of its own. Root in a user namespace may not write
    // trusted xattrs.
    String data =
        "lowerdir=lower,upperdir=layer/upper,workdir=layer/work" + (mapped ? ",userxattr" : "");
    plan.step("mount overlay", "/", Op.MOUNT, "overlay", "merged", "overlay", 0, data);
    plan.step("enter root", null, Op.CHDIR, "merged");
  }

  private static boolean isOverlay(Root root) {
    return Boolean.TRUE.equals(root.overlay());
  }

  /** After everything is mounted, so that mount points could still be made. */
  public static void readonlyRoot(LaunchRequest request, Plan.Builder plan) {
    Root root = request.spec().root();
    if (root == null) {
      return;
    }
    // Device nodes of an unpacked image are nobody's way to the host's disks; /dev is a mount of
    // its own.
    long attributes =
        Syscalls.MOUNT_ATTR_NODEV
            | (Boolean.TRUE.equals(root.readonly()) ? Syscalls.MOUNT_ATTR_RDONLY : 0);
    plan.step(
        "set mount options",
        "/",
        Op.MOUNT_SETATTR,
        Mounts.ROOT_SLOT,
        "",
        Syscalls.AT_EMPTY_PATH,
        attributes,
        0,
        0);
  }

  /**
   * pivot_root(2): both the same directory, so that the old root lies on top of the new one and can
   * be let go.
   */
  public static void switchRoot(LaunchRequest request, Plan.Builder plan) {
    Root root = request.spec().root();
    if (root != null) {
      plan.step("enter root", null, Op.FCHDIR, Mounts.ROOT_SLOT);
      plan.step("switch root", null, Op.PIVOT_ROOT, ".", ".");
      if (isOverlay(root)) {
        plan.step("let the stage go", null, Op.UMOUNT, ".", MNT_DETACH);
      }
      plan.step("let the old root go", null, Op.UMOUNT, ".", MNT_DETACH);
    }
    plan.step("change to root", "/", Op.CHDIR, "/");
  }
}
