package io.sandboxd.launch.rules;

import io.sandboxd.launch.BlankKind;
import io.sandboxd.launch.FdSource;
import io.sandboxd.launch.LaunchRequest;
import io.sandboxd.launch.Op;
import io.sandboxd.launch.Plan;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxSpec.TimeOffsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;

/**
 * The way from the host into the sandbox's cgroup and namespaces; run by a child of the daemon with
 * all privileges.
 */
public final class EnterNamespaces {
  /**
   * The user namespace comes last: whoever is in it has lost the right to join the host's others.
   * The mount namespace comes late, since paths mean something else in it.
   */
  private static final List<NamespaceType> JOIN_ORDER =
      List.of(
          NamespaceType.CGROUP,
          NamespaceType.IPC,
          NamespaceType.UTS,
          NamespaceType.NETWORK,
          NamespaceType.PID,
          NamespaceType.TIME,
          NamespaceType.MOUNT,
          NamespaceType.USER);

  private EnterNamespaces() {}

  /** A daemon that is protected from the OOM killer must not pass that on. */
  public static void forgetOomProtection(LaunchRequest request, Plan.Builder plan) {
    String file = "/proc/self/oom_score_adj";
    plan.step("reset oom_score_adj", file, Op.WRITE_FILE, file, "0");
  }

  /** Before a cgroup namespace is made, as that takes the cgroup of its maker for {@code /}. */
  public static void joinCgroup(LaunchRequest request, Plan.Builder plan) {
    for (Path entrance : request.cgroupEntrances()) {
      if (!isBornIn(request, entrance)) {
        long slot = plan.send(new FdSource.CgroupEntrance(entrance.toString()));
        plan.step("join cgroup", entrance.toString(), Op.WRITE_FD, slot, "0");
      }
    }
  }

  /**
   * A child can be born in a cgroup of v2 (clone(2), CLONE_INTO_CGROUP), which waits for nobody, as
   * a move does. But not for who is in another's user namespace by then, and may not write there,
   * or in another's cgroup namespace, beyond which no cgroup can be had (cgroups(7), nsdelegate).
   */
  private static boolean isBornIn(LaunchRequest request, Path entrance) {
    return entrance.endsWith("cgroup.procs")
        && !request.namespace(NamespaceType.USER).isJoined()
        && !request.namespace(NamespaceType.CGROUP).isJoined();
  }

  /** Offsets can be set only while nobody is inside, so not by clone(2) (time_namespaces(7)). */
  public static void newTime(LaunchRequest request, Plan.Builder plan) {
    if (!request.isNew(NamespaceType.TIME)) {
      return;
    }
    plan.step("new time namespace", null, Op.UNSHARE, NamespaceType.TIME.cloneFlag());
    TimeOffsets offsets = request.spec().timeOffsets();
    if (offsets != null) {
      String file = "/proc/self/timens_offsets";
      String text = line("monotonic", offsets.monotonic()) + line("boottime", offsets.boottime());
      plan.step("set time offsets", file, Op.WRITE_FILE, file, text);
    }
  }

  private static String line(String clock, Duration offset) {
    return offset == null ? "" : clock + " " + offset.getSeconds() + " " + offset.getNano() + "\n";
  }

  public static void join(LaunchRequest request, Plan.Builder plan) {
    for (NamespaceType type : JOIN_ORDER) {
      if (request.namespace(type).isJoined()) {
        long slot = plan.send(new FdSource.Namespace(type, request.namespace(type)));
        plan.step("join " + type.word() + " namespace", null, Op.SETNS, slot, type.cloneFlag());
      }
    }
  }

  /** All new ones at once: the kernel makes the user namespace first, which so owns the others. */
  public static void makeNew(LaunchRequest request, Plan.Builder plan) {
    EnumSet<NamespaceType> made = EnumSet.noneOf(NamespaceType.class);
    for (NamespaceType type : NamespaceType.values()) {
      if (request.isNew(type) && type != NamespaceType.TIME) {
        made.add(type);
      }
    }
    Optional<Path> bornIn =
        request.cgroupEntrances().stream().filter(e -> isBornIn(request, e)).findFirst();
    // The kernel would take the cgroup of the parent for its root.
    boolean cgroupLater = bornIn.isPresent() && made.remove(NamespaceType.CGROUP);
    String name = made.isEmpty() ? "start init" : name(made);
    if (bornIn.isPresent()) {
      String directory = bornIn.get().getParent().toString();
      long slot = plan.send(new FdSource.CgroupDirectory(directory));
      plan.step(name + ", in its cgroup", directory, Op.CLONE_INTO, flags(made), slot);
    } else {
      plan.step(name, null, Op.CLONE, flags(made));
    }
    if (cgroupLater) {
      EnumSet<NamespaceType> cgroup = EnumSet.of(NamespaceType.CGROUP);
      plan.step(name(cgroup), null, Op.UNSHARE, flags(cgroup));
    }
  }

  /** What init has not made yet if it was a blank until now. */
  public static void makeLate(LaunchRequest request, Plan.Builder plan) {
    EnumSet<NamespaceType> made = EnumSet.noneOf(NamespaceType.class);
    for (NamespaceType type : NamespaceType.values()) {
      if (BlankKind.isMadeLate(request.spec(), type)) {
        made.add(type);
      }
    }
    if (!made.isEmpty()) {
      plan.step(name(made), null, Op.UNSHARE, flags(made));
    }
  }

  private static String name(EnumSet<NamespaceType> made) {
    return "new namespaces: " + String.join(", ", made.stream().map(NamespaceType::word).toList());
  }

  private static long flags(EnumSet<NamespaceType> made) {
    return made.stream().mapToLong(NamespaceType::cloneFlag).reduce(0, (all, one) -> all | one);
  }
}
