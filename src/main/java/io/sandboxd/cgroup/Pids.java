package io.sandboxd.cgroup;

import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;

/** The number of processes and threads; the same files on either version. */
record Pids(Hierarchy hierarchy) implements Controller {
  /** The daemon's own process inside, which a client neither sees nor pays for. */
  private static final long INIT = 1;

  private static final String PEAK = "pids.peak";

  private static final long MOST = 4 << 20;

  @Override
  public void check(Resources wanted) {
    Long max = max(wanted);
    if (max != null && (max < 1 || max > MOST)) {
      throw SandboxException.invalid("resources.pids.max", "is from 1 to " + MOST + ", not " + max);
    }
  }

  @Override
  public void apply(Limits limits, Resources wanted) {
    Long max = max(wanted);
    // The kernel counts no further: the most there can be is no limit.
    Long all = max == null || max == MOST ? null : max + uncounted(limits.group());
    limits.set("resources.pids.max", "pids.max", all, "max");
  }

  private static Long max(Resources wanted) {
    return wanted.pids() == null ? null : wanted.pids().max();
  }

  /** A sandbox's group has init in it, one below does not. */
  private long uncounted(GroupDirectory group) {
    return group.parent().path().equals(hierarchy.root().path()) ? INIT : 0;
  }

  @Override
  public void collect(GroupDirectory group, StatsDraft stats) {
    stats.pids =
        new Stats.Pids(
            counted(group, "pids.current"), counted(group, PEAK), counted(group, "pids.max"));
  }

  @Override
  public void collectTotals(GroupDirectory group, StatsDraft stats) {
    stats.pids = new Stats.Pids(null, counted(group, PEAK), null);
  }

  private Long counted(GroupDirectory group, String file) {
    Long number = group.number(file);
    return number == null ? null : Math.max(0, number - uncounted(group));
  }
}
