package io.sandboxd.launch.rules;

import io.sandboxd.launch.FdSource;
import io.sandboxd.launch.LaunchRequest;
import io.sandboxd.launch.Mounts;
import io.sandboxd.launch.Op;
import io.sandboxd.launch.Plan;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.NamespaceType;
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
   * What is mounted inside stays inside; what the host unmounts goes inside too, so that no device
   * is kept busy.
   */
  public static void stopPropagation(LaunchRequest request, Plan.Builder plan) {
    if (request.isNew(NamespaceType.MOUNT)) {
      setAttributes(plan, "stop mount propagation", "/", 0, Syscalls.MS_SLAVE);
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

  /** The given directory, on a stage that covers the host's root; both go away with it. */
  public static void ownRoot(LaunchRequest request, Plan.Builder plan) {
    Root root = request.spec().root();
    if (root == null) {
      return;
    }
    long stage = plan.make();
    long host = plan.make();
    plan.step("open root", "/", Op.OPEN, host, "/", O_PATH_DIRECTORY);
    Mounts.create(plan, stage, "tmpfs", List.of("mode=755"), 0, "stage");
    plan.step("mount stage", "/", Op.ATTACH, stage, host, "");
    boolean overlay = Boolean.TRUE.equals(root.overlay());
    String place = overlay ? "lower" : "root";
    long tree =
        plan.send(
            new FdSource.MountTree("root.path", root.path(), false, request.inUserNamespace()));
    plan.step("make stage", place, Op.MAKE_DIRS, stage, place, 0755);
    plan.step("mount root", root.path(), Op.ATTACH, tree, stage, place);
    plan.step("enter stage", null, Op.FCHDIR, stage);
    if (overlay) {
      overlay(plan, stage);
      place = "merged";
    }
    plan.step("open root", root.path(), Op.OPEN, Mounts.ROOT_SLOT, place, O_PATH_DIRECTORY);
  }

  private static void overlay(Plan.Builder plan, long stage) {
    long layer = plan.send(new FdSource.Layer());
    plan.step("make stage", "layer", Op.MAKE_DIRS, stage, "layer", 0755);
    plan.step("make stage", "merged", Op.MAKE_DIRS, stage, "merged", 0755);
    plan.step("mount layer", null, Op.ATTACH, layer, stage, "layer");
    // Relative paths: the stage has no path of its own. userxattr: the layer's marks must work in a
    // user namespace.
    plan.step(
        "mount overlay",
        "/",
        Op.MOUNT,
        "overlay",
        "merged",
        "overlay",
        0,
        "lowerdir=lower,upperdir=layer/upper,workdir=layer/work,userxattr");
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
    if (request.spec().root() != null) {
      plan.step("enter root", null, Op.FCHDIR, Mounts.ROOT_SLOT);
      plan.step("switch root", null, Op.PIVOT_ROOT, ".", ".");
      plan.step("let the old root go", null, Op.UMOUNT, ".", MNT_DETACH);
    }
    if (request.isNew(NamespaceType.MOUNT)) {
      plan.step("change to root", "/", Op.CHDIR, "/");
    }
  }
}
