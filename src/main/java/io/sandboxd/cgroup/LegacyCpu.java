package io.sandboxd.cgroup;

import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import java.util.List;
import java.util.Map;

/** CPU time on cgroup v1 (scheduler/sched-bwc, scheduler/sched-design-CFS). */
record LegacyCpu(Hierarchy hierarchy) implements Controller {
  private static final String PERIOD = "cpu.cfs_period_us";
  private static final String QUOTA = "cpu.cfs_quota_us";

  @Override
  public void check(Resources wanted) {
    CpuShare.check(wanted.cpu());
    if (CpuShare.quota(wanted.cpu()) != null && !hierarchy.root().has(QUOTA)) {
      throw SandboxException.invalid(
          "resources.cpu.max",
          "this kernel has no CPU bandwidth control (" + QUOTA + " is missing)");
    }
  }

  @Override
  public void apply(Limits limits, Resources wanted) {
    Long quota = atMostOf(limits.group().parent(), CpuShare.quota(wanted.cpu()));
    if (quota != null) {
      lowerBelow(limits.group(), quota);
    }
    if (quota != null
        && !Long.valueOf(CpuShare.PERIOD_USEC).equals(limits.group().number(PERIOD))) {
      limits.write("resources.cpu.max", PERIOD, Long.toString(CpuShare.PERIOD_USEC));
    }
    limits.set("resources.cpu.max", QUOTA, quota, "-1");
    Integer weight = CpuShare.weight(wanted.cpu());
    limits.set(
        "resources.cpu.weight",
        "cpu.shares",
        weight == null ? null : CpuShare.shares(weight),
        "1024");
  }

  /**
   * v1 refuses a quota above that of the group above (EINVAL), where v2 lets the lower one hold.
   */
  private static Long atMostOf(GroupDirectory group, Long quota) {
    Long above = quota == null ? null : quotaOf(group);
    return above == null ? quota : Long.valueOf(Math.min(above, quota));
  }

  /**
   * For the same reason no group below may keep a larger one; the deepest have to go first. When
   * this one gets more again those keep what they have: nobody remembers what they had.
   */
  private static void lowerBelow(GroupDirectory group, long quota) {
    List<GroupDirectory> tree = group.tree();
    for (int i = tree.size() - 1; i > 0; i--) {
      Long below = quotaOf(tree.get(i));
      if (below != null && below > quota) {
        new Limits(tree.get(i), false).write("resources.cpu.max", QUOTA, Long.toString(quota));
      }
    }
  }

  /** Of a group with our period; null without a limit. */
  private static Long quotaOf(GroupDirectory group) {
    Long quota = group.number(QUOTA);
    boolean limited = quota != null && quota > 0;
    return limited && Long.valueOf(CpuShare.PERIOD_USEC).equals(group.number(PERIOD))
        ? quota
        : null;
  }

  @Override
  public void collect(GroupDirectory group, StatsDraft stats) {
    Map<String, Long> stat = group.flatKeyed("cpu.stat");
    stats.nrThrottled = stat.get("nr_throttled");
    Long nanoseconds = stat.get("throttled_time");
    stats.throttledUsec = nanoseconds == null ? null : nanoseconds / 1000;
  }
}
