package io.sandboxd.cgroup;

import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;

/** Memory on cgroup v2. */
record UnifiedMemory(Hierarchy hierarchy) implements Controller {
  static final String EVENTS = "memory.events";
  private static final String PEAK = "memory.peak";

  @Override
  public void check(Resources wanted) {
    if (wanted.memory() != null
        && wanted.memory().swapMax() != null
        && !hierarchy.root().has("memory.swap.max")) {
      throw SandboxException.invalid(
          "resources.memory.swapMax",
          "this kernel does no swap accounting (it has no memory.swap.max); leave it out");
    }
  }

  @Override
  public void apply(Limits limits, Resources wanted) {
    Resources.Memory memory =
        wanted.memory() == null ? new Resources.Memory(null, null, null) : wanted.memory();
    // Swap first, so that what a lower max pushes out does not go where it may not.
    limits.set("resources.memory.swapMax", "memory.swap.max", bytes(memory.swapMax()), "max");
    limits.set("resources.memory.high", "memory.high", bytes(memory.high()), "max");
    limits.set("resources.memory.max", "memory.max", bytes(memory.max()), "max");
  }

  private static Long bytes(ByteSize size) {
    return size == null ? null : size.bytes();
  }

  @Override
  public void collect(GroupDirectory group, StatsDraft stats) {
    stats.memory =
        new Stats.Memory(
            group.number("memory.current"),
            group.number(PEAK),
            group.number("memory.max"),
            group.number("memory.swap.current"));
    stats.oomKills = oomKills(group);
  }

  @Override
  public void collectTotals(GroupDirectory group, StatsDraft stats) {
    stats.memory = new Stats.Memory(null, group.number(PEAK), null, null);
    stats.oomKills = oomKills(group);
  }

  @Override
  public long oomKills(GroupDirectory group) {
    return group.flatKeyed(EVENTS).getOrDefault("oom_kill", 0L);
  }
}
