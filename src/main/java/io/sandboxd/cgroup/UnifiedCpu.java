package io.sandboxd.cgroup;

import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;

/** CPU time on cgroup v2. */
record UnifiedCpu(Hierarchy hierarchy) implements Controller {

  @Override
  public void check(Resources wanted) {
    CpuShare.check(wanted.cpu());
    if (CpuShare.quota(wanted.cpu()) != null && !hierarchy.root().has("cpu.max")) {
      throw SandboxException.invalid(
          "resources.cpu.max", "this kernel has no CPU bandwidth control (cpu.max is missing)");
    }
  }

  @Override
  public void apply(Limits limits, Resources wanted) {
    Long quota = CpuShare.quota(wanted.cpu());
    limits.set(
        "resources.cpu.max",
        "cpu.max",
        quota == null ? null : quota + " " + CpuShare.PERIOD_USEC,
        "max " + CpuShare.PERIOD_USEC);
    limits.set("resources.cpu.weight", "cpu.weight", CpuShare.weight(wanted.cpu()), "100");
  }

  /** cpu.stat is there without the controller too, see {@link UnifiedGroup}. */
  @Override
  public void collect(GroupDirectory group, StatsDraft stats) {}
}
