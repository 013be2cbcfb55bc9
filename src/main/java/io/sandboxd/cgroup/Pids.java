package io.sandboxd.cgroup;

import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;

/** The number of processes and threads; the same files on either version. */
record Pids(Hierarchy hierarchy) implements Controller {
  /** The daemon's own process inside, which a client neither sees nor pays for. */
  private static final long INIT = 1;

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
    limits.set("resources.pids.max", "pids.max", max == null ? null : max + INIT, "max");
  }

  private static Long max(Resources wanted) {
    return wanted.pids() == null ? null : wanted.pids().max();
  }

  @Override
  public void collect(GroupDirectory group, StatsDraft stats) {
    stats.pids =
        new Stats.Pids(
            withoutInit(group.number("pids.current")),
            withoutInit(group.number("pids.peak")),
            withoutInit(group.number("pids.max")));
  }

  private static Long withoutInit(Long number) {
    return number == null ? null : Math.max(0, number - INIT);
  }
}
