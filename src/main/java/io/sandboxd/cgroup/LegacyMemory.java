package io.sandboxd.cgroup;

import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;

/**
 * Memory on cgroup v1 (admin-guide/cgroup-v1/memory). There the second limit is of memory and swap
 * together ("memsw"), never below the first.
 */
record LegacyMemory(Hierarchy hierarchy) implements Controller {
  static final String OOM = "memory.oom_control";
  private static final String LIMIT = "memory.limit_in_bytes";
  private static final String WITH_SWAP = "memory.memsw.limit_in_bytes";
  private static final String PEAK = "memory.max_usage_in_bytes";
  private static final String MAX_FIELD = "resources.memory.max";
  private static final String SWAP_FIELD = "resources.memory.swapMax";

  /** "No limit" reads as the largest number of whole pages, which depends on their size. */
  private static final long LIMITLESS = Long.MAX_VALUE / 2;

  @Override
  public void check(Resources wanted) {
    Resources.Memory memory = wanted.memory();
    if (memory == null) {
      return;
    }
    if (memory.high() != null) {
      throw SandboxException.invalid(
          "resources.memory.high",
          "this host's memory controller is of cgroup v1, which cannot throttle at a mark"
              + " (its soft limit only acts when the whole host is short); use max");
    }
    if (memory.swapMax() == null) {
      return;
    }
    if (!hierarchy.root().has(WITH_SWAP)) {
      throw SandboxException.invalid(
          SWAP_FIELD, "this kernel does no swap accounting (it has no " + WITH_SWAP + ")");
    }
    if (memory.max() == null) {
      throw SandboxException.invalid(
          SWAP_FIELD,
          "this host's memory controller is of cgroup v1, which limits swap only together with"
              + " memory; give max too");
    }
  }

  @Override
  public void prepareRoot(GroupDirectory group) {
    // Kernels before 5.11 otherwise let a group made inside escape the limit.
    if (group.read("memory.use_hierarchy").strip().equals("0")) {
      group.writeIfThere("memory.use_hierarchy", "1");
    }
  }

  @Override
  public void apply(Limits limits, Resources wanted) {
    Resources.Memory memory = wanted.memory();
    Long max = memory == null || memory.max() == null ? null : memory.max().bytes();
    Long withSwap = max == null || memory.swapMax() == null ? null : sum(max, memory.swapMax());
    Long now = withSwap == null ? null : limits.group().number(WITH_SWAP);
    boolean shrinks = now != null && withSwap < now;
    if (!shrinks) {
      limits.set(SWAP_FIELD, WITH_SWAP, withSwap, "-1");
    }
    limits.set(MAX_FIELD, LIMIT, max, "-1");
    if (shrinks) {
      limits.set(SWAP_FIELD, WITH_SWAP, withSwap, "-1");
    }
  }

  /** The largest there is, if it would be more. */
  private static long sum(long max, ByteSize swap) {
    return max > Long.MAX_VALUE - swap.bytes() ? Long.MAX_VALUE : max + swap.bytes();
  }

  @Override
  public void collect(GroupDirectory group, StatsDraft stats) {
    Long current = group.number("memory.usage_in_bytes");
    Long max = group.number(LIMIT);
    Long withSwap = group.number("memory.memsw.usage_in_bytes");
    stats.memory =
        new Stats.Memory(
            current,
            group.number(PEAK),
            max == null || max > LIMITLESS ? null : max,
            current == null || withSwap == null ? null : Math.max(0, withSwap - current));
    stats.oomKills = oomKills(group);
  }

  @Override
  public void collectTotals(GroupDirectory group, StatsDraft stats) {
    stats.memory = new Stats.Memory(null, group.number(PEAK), null, null);
    stats.oomKills = oomKills(group);
  }

  /** v1 counts each where it happened, not in the groups above. */
  @Override
  public long oomKills(GroupDirectory group) {
    return group.tree().stream()
        .mapToLong(g -> g.flatKeyed(OOM).getOrDefault("oom_kill", 0L))
        .sum();
  }
}
