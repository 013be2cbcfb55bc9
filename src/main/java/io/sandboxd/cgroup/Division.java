package io.sandboxd.cgroup;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/**
 * How a group of cgroup v2 in which processes live comes to have controllers for groups below it.
 * The kernel lets a group have one or the other (admin-guide/cgroup-v2, "No Internal Process
 * Constraint"), so all who live in it move to a leaf below, where all that they fork is born.
 * Limits and figures of the group hold for the leaf as they did before.
 *
 * <p>What has been done is seen from the kernel's files alone: whoever is cut off half-way is
 * followed by one who does the rest.
 */
record Division(GroupDirectory group) {
  /** No process's group is called so, see {@link Cgroup#child}. */
  static final String LEAF = "_init";

  /**
   * Who is about to end can be moved no more, and who forks may be a step ahead for a moment; but
   * nobody should have to wait for what does not end.
   */
  private static final Duration LIMIT = Duration.ofSeconds(5);

  private GroupDirectory leaf() {
    return group.child(LEAF);
  }

  /** Where processes that have no group of their own belong, and can enter. */
  GroupDirectory entrance() {
    return leaf().exists() ? leaf() : group;
  }

  /**
   * Nothing happens where it is so already. Not for two threads at once.
   *
   * @throws ErrnoException what the kernel refused: EBUSY for processes that could not be moved in
   *     time; all are where they were then
   * @throws SandboxException {@code launch_failed} when there are groups below already, made by
   *     processes inside: those would get controllers that they may count on not to have
   */
  void enable(List<String> controllers) {
    List<String> missing = new ArrayList<>(controllers);
    missing.removeAll(enabled());
    if (missing.isEmpty()) {
      return;
    }
    if (!leaf().exists()) {
      requireNoneBelow();
      leaf().make();
    }
    try {
      moveAndEnable("+" + String.join(" +", missing));
    } catch (ErrnoException e) {
      undo(e);
      throw e;
    }
  }

  private List<String> enabled() {
    return ControlText.words(group.read(Hierarchy.SUBTREE_CONTROL));
  }

  private void requireNoneBelow() {
    List<Path> below = group.files().directories(group.path());
    if (!below.isEmpty()) {
      throw new SandboxException(
              ErrorCode.LAUNCH_FAILED,
              "resources: processes of the sandbox have made control groups of their own, which"
                  + " limits of a single process would interfere with: "
                  + below.get(0))
          .with("field", "resources")
          .with("step", "cgroup")
          .with("path", below.get(0).toString());
    }
  }

  private void moveAndEnable(String command) {
    AtomicReference<ErrnoException> obstacle = new AtomicReference<>();
    boolean done =
        group
            .files()
            .await(
                () -> {
                  move(group, leaf());
                  obstacle.set(tryEnable(command));
                  return obstacle.get() == null;
                },
                null,
                LIMIT);
    if (!done) {
      throw obstacle.get();
    }
  }

  /** The kernel knows better than any list whether somebody is still there. */
  private ErrnoException tryEnable(String command) {
    try {
      group.write(Hierarchy.SUBTREE_CONTROL, command);
      return null;
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EBUSY) {
        return e;
      }
      throw e;
    }
  }

  private static void move(GroupDirectory from, GroupDirectory to) {
    for (int pid : from.pids()) {
      try {
        to.write(GroupDirectory.PROCS, Integer.toString(pid));
      } catch (ErrnoException e) {
        if (e.errno() != Errno.ESRCH) {
          throw e;
        }
      }
    }
  }

  /** Not when controllers were enabled at an earlier time: then the leaf is there to stay. */
  private void undo(ErrnoException failure) {
    if (!enabled().isEmpty()) {
      return;
    }
    AtomicReference<ErrnoException> left = new AtomicReference<>();
    try {
      group
          .files()
          .await(
              () -> {
                move(leaf(), group);
                left.set(leaf().tryRemove());
                return left.get() == null;
              },
              null,
              LIMIT);
    } catch (ErrnoException e) {
      left.set(e);
    }
    if (left.get() != null) {
      failure.addSuppressed(left.get());
    }
  }
}
