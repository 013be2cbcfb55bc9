package io.sandboxd.cgroup;

import io.sandboxd.linux.ErrnoException;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;

/**
 * The control group of a sandbox, or of one process in it: a directory of the same name in each
 * hierarchy the host uses. The state is the kernel's; two of these for one group are as good as
 * one.
 *
 * <p>Below it there may be groups of single processes ({@link #createChild}), and processes inside
 * may make some of their own; all that is said of a group here holds for those too.
 */
public final class Cgroup {
  /** No dots: names with a dot in them may be those of control files. */
  private static final Pattern CHILD = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");

  private static final int SIGKILL = 9;
  private static final Duration FREEZE_LIMIT = Duration.ofSeconds(5);

  private static final Duration REMOVE_LIMIT = Duration.ofSeconds(10);

  private final HostLayout layout;
  private final ProcessSignal signal;
  private final String id;
  private final String path;
  private final AtomicBoolean fresh;
  private final Object divisionLock;
  private final List<GroupDirectory> directories;
  private final UnifiedGroup unified;
  private final Freezer freezer;
  private final Members members;

  /**
   * @param divisionLock whoever divides this group holds it
   */
  Cgroup(
      HostLayout layout,
      ProcessSignal signal,
      String id,
      String path,
      boolean fresh,
      Object divisionLock) {
    this.layout = layout;
    this.signal = signal;
    this.id = id;
    this.path = path;
    this.fresh = new AtomicBoolean(fresh);
    this.divisionLock = divisionLock;
    this.directories = layout.used().stream().map(hierarchy -> hierarchy.group(id)).toList();
    this.unified = layout.unified() == null ? null : new UnifiedGroup(layout.unified().group(id));
    this.freezer = layout.freezer(id);
    this.members = new Members(directories, freezer, signal);
  }

  /** All of it or nothing; see {@link Cgroups#create}. */
  void make() {
    List<GroupDirectory> made = new ArrayList<>();
    try {
      for (GroupDirectory directory : directories) {
        if (!directory.make()) {
          throw new SandboxException(
              ErrorCode.NAME_IN_USE, "There is a cgroup " + directory.path() + " already.");
        }
        made.add(directory);
      }
      for (Controller controller : layout.controllers().values()) {
        controller.prepare(controller.hierarchy().group(id));
      }
    } catch (RuntimeException e) {
      for (GroupDirectory directory : made) {
        ErrnoException left = directory.tryRemove();
        if (left != null) {
          e.addSuppressed(left);
        }
      }
      throw e;
    }
  }

  boolean exists() {
    return directories.stream().anyMatch(directory -> directory.files().exists(directory.path()));
  }

  /** The name below our root; of a process's group, {@code SANDBOX/NAME}. */
  public String id() {
    return id;
  }

  /** Below each hierarchy's mount point, as in /proc/PID/cgroup: e.g. {@code /sandboxd/ID}. */
  public String path() {
    return path;
  }

  /**
   * A process with one thread enters the group by writing {@code 0} to each of these, in this
   * order. Moving itself is cheaper than being moved, and so none of its children is ever outside.
   * To move a thread, which only v1 knows, is cheaper still: moving a process waits until no
   * processor is in the middle of a fork or an exit anywhere (RCU), for milliseconds. That of v2 is
   * called {@code cgroup.procs}, the others are not.
   */
  public List<Path> entrances() {
    return directories.stream().map(this::entrance).toList();
  }

  private Path entrance(GroupDirectory directory) {
    boolean ofUnified = unified != null && directory.equals(unified.group());
    return ofUnified
        ? new Division(directory).entrance().file(GroupDirectory.PROCS)
        : directory.file(GroupDirectory.TASKS);
  }

  /** The group of one process in this sandbox, be it there or not; see {@link #createChild}. */
  public Cgroup child(String name) {
    return child(name, false);
  }

  private Cgroup child(String name, boolean isFresh) {
    if (!CHILD.matcher(name).matches()) {
      throw new IllegalArgumentException("no process's cgroup can be called '" + name + "'");
    }
    String childId = id + "/" + name;
    return new Cgroup(layout, signal, childId, path + "/" + name, isFresh, divisionLock);
  }

  /**
   * Makes a group in this one, for a process that has limits beside those of its sandbox: the lower
   * one of either holds. All of it is made or nothing.
   *
   * <p>Where cgroup v2 serves one of the limits, the processes that live in this group move to a
   * leaf of it, once ({@link Division}); that stays so when the child is gone, or could not be
   * made. Threads may call this at the same time.
   *
   * @param name unused so far in this sandbox: letters, digits, {@code -} and {@code _}
   * @param limits as {@link Cgroups#checkChild} takes them
   * @throws SandboxException what {@link Cgroups#checkChild} throws, also for CPUs that the sandbox
   *     does not have; {@code name_in_use}; {@code launch_failed} with {@code field}, {@code step},
   *     {@code path} and, where it was the kernel who refused, {@code syscall}, {@code errno},
   *     {@code errnoName}
   */
  public Cgroup createChild(String name, Resources limits) {
    Cgroup child = child(name, true);
    Resources all = limits == null ? Resources.NONE : limits;
    layout.checkChild(all);
    layout.controllers().values().forEach(c -> c.checkWithin(c.hierarchy().group(id), all));
    try {
      divide(all);
      child.make();
    } catch (ErrnoException e) {
      String reason = "the process can have no cgroup of its own: " + e.getMessage();
      throw Limits.refusal(ErrorCode.LAUNCH_FAILED, "resources", reason, e);
    }
    try {
      child.set(all);
      return child;
    } catch (RuntimeException e) {
      ErrnoException left = child.removeNow();
      if (left != null) {
        e.addSuppressed(left);
      }
      throw e;
    }
  }

  private void divide(Resources limits) {
    if (unified != null) {
      synchronized (divisionLock) {
        new Division(unified.group()).enable(layout.unifiedNeeds(limits));
      }
    }
  }

  /**
   * Sets all limits; what is {@code null} is unlimited from now on. When the kernel refuses one,
   * those before it are set: apply the former ones again.
   *
   * @throws SandboxException what {@link Cgroups#check} throws, with nothing changed; {@code busy}
   *     when more is in use than a limit allows (v1 memory); {@code launch_failed} when the kernel
   *     refuses. The latter two with {@code field}, {@code step}, {@code syscall}, {@code path},
   *     {@code errno}, {@code errnoName}
   */
  public void apply(Resources wanted) {
    Resources all = wanted == null ? Resources.NONE : wanted;
    layout.check(all);
    set(all);
  }

  private void set(Resources all) {
    boolean first = fresh.getAndSet(false);
    for (Controller controller : layout.controllers().values()) {
      controller.apply(new Limits(controller.hierarchy().group(id), first), all);
    }
  }

  /** What of the host's devices the processes inside may use. */
  public DeviceAccess devices() {
    return new DeviceAccess(layout.devices(), id);
  }

  /**
   * Stops every process inside where it is; done when this returns.
   *
   * @throws SandboxException {@code busy} when some did not stop within 5 s (those that wait for a
   *     device or a network file system may not); all run again then
   */
  public void freeze() {
    if (freezer == null) {
      throw new SandboxException(
          ErrorCode.NOT_PERMITTED, "This host has no cgroup freezer: nothing can be paused.");
    }
    if (!freezer.freeze(FREEZE_LIMIT)) {
      freezer.thaw();
      throw new SandboxException(
          ErrorCode.BUSY,
          "Not all processes stopped within " + FREEZE_LIMIT.toSeconds() + " s; all run again.");
    }
  }

  /** Lets them go on. Harmless when they do, and when the group is gone. */
  public void thaw() {
    if (freezer != null) {
      freezer.thaw();
    }
  }

  /** Whether it was frozen and not thawed since, by whomever. */
  public boolean isFrozen() {
    return freezer != null && freezer.isFrozen();
  }

  /** The processes inside as the host numbers them, sorted; those that have ended are not. */
  public List<Integer> pids() {
    return members.pids();
  }

  /** Whether {@link #pids} has this one. */
  public boolean has(int pid) {
    return members.has(pid);
  }

  /** Kills every process inside, paused or not, init too. They may need a moment to be gone. */
  public void kill() {
    if (unified != null && unified.kill()) {
      thaw();
    } else {
      members.signal(SIGKILL, 0);
    }
  }

  /**
   * Sends a signal to all processes inside, held still meanwhile so that none is missed and no
   * number is used anew. Paused ones stay paused, unless they are to be killed: then they are let
   * go.
   *
   * @param signo signal(7)
   * @param exceptPid one to spare, or 0
   */
  public void signalAll(int signo, int exceptPid) {
    members.signal(signo, exceptPid);
  }

  /** In the hierarchy that limits memory; null if none does. */
  GroupDirectory memory() {
    Controller memory = layout.controllers().get("memory");
    return memory == null ? null : memory.hierarchy().group(id);
  }

  /** What it has used, and uses now. */
  public GroupFigures figures() {
    return new GroupFigures(layout, id, members);
  }

  /**
   * Removes the group with all below it, waiting until the processes in it have gone; they have to
   * be killed before. What is gone already is no failure.
   *
   * @throws SandboxException {@code busy} when some stay for 10 s (in a system call that cannot be
   *     interrupted)
   */
  public void remove() {
    AtomicReference<ErrnoException> obstacle = new AtomicReference<>();
    BooleanSupplier isGone =
        () -> {
          obstacle.set(removeNow());
          return obstacle.get() == null;
        };
    Path events = unified == null ? null : unified.group().file(UnifiedGroup.EVENTS);
    if (!directories.get(0).files().await(isGone, events, REMOVE_LIMIT)) {
      throw new SandboxException(
          ErrorCode.BUSY,
          "The cgroup " + path + " cannot be removed, processes in it do not end: " + pids(),
          obstacle.get());
    }
  }

  /**
   * {@link #remove} without waiting. Returns whether the group is gone; it is not as long as any
   * process is left in it.
   */
  public boolean tryRemove() {
    return removeNow() == null;
  }

  /** What hinders, or null. */
  private ErrnoException removeNow() {
    ErrnoException obstacle = null;
    for (GroupDirectory directory : directories) {
      ErrnoException left = directory.tryRemove();
      obstacle = left == null ? obstacle : left;
    }
    return obstacle;
  }
}
