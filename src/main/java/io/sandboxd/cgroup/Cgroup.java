package io.sandboxd.cgroup;

import io.sandboxd.linux.ErrnoException;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/**
 * One sandbox's control group: a directory of the same name in each hierarchy the host uses. The
 * state is the kernel's; two of these for one sandbox are as good as one.
 *
 * <p>Processes inside may make groups of their own below; all that is said of a group here holds
 * for those too.
 */
public final class Cgroup {
  private static final int SIGKILL = 9;
  private static final Duration FREEZE_LIMIT = Duration.ofSeconds(5);

  /** One process that does not stop is no reason to keep a signal from the others for long. */
  private static final Duration FREEZE_TO_SIGNAL_LIMIT = Duration.ofSeconds(1);

  private static final Duration REMOVE_LIMIT = Duration.ofSeconds(10);

  /** Without a freezer a family that forks faster than it is signalled is given up on. */
  private static final int MOST_ROUNDS = 100;

  private final HostLayout layout;
  private final ProcessSignal signal;
  private final String id;
  private final String path;
  private final AtomicBoolean fresh;
  private final List<GroupDirectory> directories;
  private final UnifiedGroup unified;
  private final Freezer freezer;

  Cgroup(HostLayout layout, ProcessSignal signal, String id, String path, boolean fresh) {
    this.layout = layout;
    this.signal = signal;
    this.id = id;
    this.path = path;
    this.fresh = new AtomicBoolean(fresh);
    this.directories = layout.used().stream().map(hierarchy -> hierarchy.group(id)).toList();
    this.unified = layout.unified() == null ? null : new UnifiedGroup(layout.unified().group(id));
    this.freezer = layout.freezer(id);
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

  public String id() {
    return id;
  }

  /** Below each hierarchy's mount point, as in /proc/PID/cgroup: e.g. {@code /sandboxd/ID}. */
  public String path() {
    return path;
  }

  /**
   * A process enters the group by writing {@code 0} to each of these, in this order. Moving itself
   * is cheaper than being moved, and so none of its children is ever outside.
   */
  public List<Path> procsFiles() {
    return directories.stream().map(directory -> directory.file("cgroup.procs")).toList();
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
    boolean first = fresh.getAndSet(false);
    for (Controller controller : layout.controllers().values()) {
      controller.apply(new Limits(controller.hierarchy().group(id), first), all);
    }
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
    Set<Integer> pids = new TreeSet<>();
    for (GroupDirectory directory : directories) {
      for (GroupDirectory group : directory.tree()) {
        for (String word : ControlText.words(group.read("cgroup.procs"))) {
          Long pid = ControlText.number(word);
          if (pid != null && pid > 0) {
            pids.add(pid.intValue());
          }
        }
      }
    }
    return List.copyOf(pids);
  }

  /** Kills every process inside, paused or not, init too. They may need a moment to be gone. */
  public void kill() {
    if (unified != null && unified.kill()) {
      thaw();
    } else {
      signalAll(SIGKILL, 0);
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
    boolean paused = isFrozen();
    boolean still = paused || (freezer != null && tryFreeze());
    try {
      Set<Integer> done = new HashSet<>(List.of(exceptPid));
      int rounds = still ? 1 : MOST_ROUNDS;
      for (boolean more = true; more && rounds > 0; rounds--) {
        more = false;
        for (int pid : pids()) {
          if (done.add(pid)) {
            more = true;
            signal.send(pid, signo);
          }
        }
      }
    } finally {
      if (!paused || signo == SIGKILL) {
        thaw();
      }
    }
  }

  /** A process that cannot be stopped is to be signalled all the same. */
  private boolean tryFreeze() {
    try {
      return freezer.freeze(FREEZE_TO_SIGNAL_LIMIT);
    } catch (ErrnoException e) {
      return false;
    }
  }

  /** How many processes inside were killed because the group was out of memory. */
  public long oomKills() {
    Controller memory = layout.controllers().get("memory");
    return memory == null ? 0 : memory.oomKills(memory.hierarchy().group(id));
  }

  /** What it uses now; of a group that is gone, nothing. */
  public Stats stats() {
    StatsDraft stats = new StatsDraft();
    if (unified != null) {
      unified.collect(stats);
    } else if (layout.accounting() != null) {
      new LegacyAccounting(layout.accounting().group(id)).collect(stats);
    }
    for (Controller controller : layout.controllers().values()) {
      controller.collect(controller.hierarchy().group(id), stats);
    }
    return stats.finish();
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
    Path events = unified == null ? null : unified.group().file(UnifiedGroup.EVENTS);
    boolean gone =
        directories.get(0).files().await(() -> tryRemove(obstacle), events, REMOVE_LIMIT);
    if (!gone) {
      throw new SandboxException(
          ErrorCode.BUSY,
          "The cgroup " + path + " cannot be removed, processes in it do not end: " + pids(),
          obstacle.get());
    }
  }

  private boolean tryRemove(AtomicReference<ErrnoException> obstacle) {
    obstacle.set(null);
    for (GroupDirectory directory : directories) {
      ErrnoException left = directory.tryRemove();
      if (left != null) {
        obstacle.set(left);
      }
    }
    return obstacle.get() == null;
  }
}
