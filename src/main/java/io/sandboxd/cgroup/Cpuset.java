package io.sandboxd.cgroup;

import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/** Which CPUs, on either version. */
record Cpuset(Hierarchy hierarchy) implements Controller {
  private static final String CPUS = "cpuset.cpus";
  private static final String MEMS = "cpuset.mems";
  private static final String FIELD = "resources.cpu.cpuset";

  @Override
  public void check(Resources wanted) {
    checkWithin(hierarchy.root(), wanted);
  }

  @Override
  public void checkWithin(GroupDirectory group, Resources wanted) {
    if (wanted.cpu() == null || wanted.cpu().cpuset() == null) {
      return;
    }
    BitSet cpus = CpuList.parse(wanted.cpu().cpuset());
    if (cpus == null || cpus.isEmpty()) {
      throw SandboxException.invalid(FIELD, "is a list of CPUs such as '0-1,3'");
    }
    // v2 takes a CPU that is not there, and then lets the processes run anywhere.
    BitSet offered = offered(group);
    cpus.andNot(offered);
    if (!cpus.isEmpty()) {
      throw SandboxException.invalid(
          FIELD,
          "CPU "
              + cpus.nextSetBit(0)
              + " is not there; "
              + (group.equals(hierarchy.root()) ? "this host" : "the sandbox")
              + " offers "
              + CpuList.format(offered));
    }
  }

  private BitSet offered(GroupDirectory group) {
    BitSet offered = CpuList.parse(cpusOf(group));
    return offered == null ? new BitSet() : offered;
  }

  /** What the processes of a group can have at most. */
  private String cpusOf(GroupDirectory group) {
    String effective =
        group.read(hierarchy.unified() ? "cpuset.cpus.effective" : "cpuset.effective_cpus");
    return (effective.isBlank() ? group.read(CPUS) : effective).strip();
  }

  /** A new v1 group has no CPUs and no memory nodes, and no process can enter it. */
  @Override
  public void prepare(GroupDirectory group) {
    if (hierarchy.unified()) {
      return;
    }
    for (String file : new String[] {CPUS, MEMS}) {
      if (group.read(file).isBlank()) {
        group.write(file, group.parent().read(file).strip());
      }
    }
  }

  @Override
  public void apply(Limits limits, Resources wanted) {
    String cpus = wanted.cpu() == null ? null : wanted.cpu().cpuset();
    if (cpus != null || !limits.fresh()) {
      // All that there are is no limit. Nothing at all, v2's word for it, is refused (ENOSPC) as
      // long as there are processes inside.
      String all = cpusOf(limits.group().parent());
      if (!hierarchy.unified()) {
        moveBelow(limits.group(), cpus == null ? all : cpus);
      }
      limits.set(FIELD, CPUS, cpus, all);
    }
  }

  /**
   * On v1 a group has at least the CPUs of each group in it (else EBUSY), which has them for its
   * own. Those below that have just what this one has follow it: first all get the new ones beside
   * the old, from the top, then the old ones go, from the bottom.
   */
  private static void moveBelow(GroupDirectory group, String cpus) {
    BitSet before = CpuList.parse(group.read(CPUS));
    List<GroupDirectory> following =
        group.tree().stream()
            .filter(other -> before != null && before.equals(CpuList.parse(other.read(CPUS))))
            .collect(Collectors.toCollection(ArrayList::new));
    if (following.size() > 1) {
      BitSet both = CpuList.parse(cpus);
      both.or(before);
      following.forEach(other -> write(other, CpuList.format(both)));
      Collections.reverse(following);
      following.forEach(other -> write(other, cpus));
    }
  }

  private static void write(GroupDirectory group, String cpus) {
    new Limits(group, false).write(FIELD, CPUS, cpus);
  }

  @Override
  public void collect(GroupDirectory group, StatsDraft stats) {}
}
