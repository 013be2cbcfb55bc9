package io.sandboxd.cgroup;

import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import java.util.BitSet;

/** Which CPUs, on either version. */
record Cpuset(Hierarchy hierarchy) implements Controller {
  private static final String CPUS = "cpuset.cpus";
  private static final String MEMS = "cpuset.mems";
  private static final String FIELD = "resources.cpu.cpuset";

  @Override
  public void check(Resources wanted) {
    if (wanted.cpu() == null || wanted.cpu().cpuset() == null) {
      return;
    }
    BitSet cpus = CpuList.parse(wanted.cpu().cpuset());
    if (cpus == null || cpus.isEmpty()) {
      throw SandboxException.invalid(FIELD, "is a list of CPUs such as '0-1,3'");
    }
    // v2 takes a CPU that is not there, and then lets the processes run anywhere.
    BitSet offered = offered();
    cpus.andNot(offered);
    if (!cpus.isEmpty()) {
      throw SandboxException.invalid(
          FIELD,
          "CPU "
              + cpus.nextSetBit(0)
              + " is not there; this host offers "
              + CpuList.format(offered));
    }
  }

  private BitSet offered() {
    BitSet offered = CpuList.parse(cpusOf(hierarchy.root()));
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
      limits.set(FIELD, CPUS, cpus, cpusOf(limits.group().parent()));
    }
  }

  @Override
  public void collect(GroupDirectory group, StatsDraft stats) {}
}
