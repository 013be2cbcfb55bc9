package io.sandboxd.cgroup;

/** What a control group has used and uses now: all that its files tell and nobody sets. */
public final class GroupFigures {
  private final HostLayout layout;
  private final String id;
  private final Members members;

  GroupFigures(HostLayout layout, String id, Members members) {
    this.layout = layout;
    this.id = id;
    this.members = members;
  }

  /** What it uses now; of a group that is gone, nothing. */
  public Stats stats() {
    return stats(Controller::collect);
  }

  /** Only what it has used altogether, and the peaks: less than half as many files. */
  public Stats totals() {
    return stats(Controller::collectTotals);
  }

  private interface Collect {
    void collect(Controller controller, GroupDirectory group, StatsDraft stats);
  }

  private Stats stats(Collect collect) {
    StatsDraft stats = new StatsDraft();
    if (layout.unified() != null) {
      new UnifiedGroup(layout.unified().group(id)).collect(stats);
    } else if (layout.accounting() != null) {
      new LegacyAccounting(layout.accounting().group(id)).collect(stats);
    }
    for (Controller controller : layout.controllers().values()) {
      collect.collect(controller, controller.hierarchy().group(id), stats);
    }
    return stats.finish();
  }

  /**
   * How many processes and threads are inside, init too. To ask for their number is faster than for
   * a list of them, but takes a kernel that limits it; else it is that of processes.
   */
  public long population() {
    Controller pids = layout.controllers().get("pids");
    Long counted = pids == null ? null : pids.hierarchy().group(id).number("pids.current");
    return counted == null ? members.pids().size() : counted;
  }

  /**
   * How many processes inside were killed because the group, or one above or below, was out of
   * memory. Groups below count as well; on v1 only as long as they are there, so that removing one
   * takes its figure along.
   */
  public long oomKills() {
    Controller memory = layout.controllers().get("memory");
    return memory == null ? 0 : memory.oomKills(memory.hierarchy().group(id));
  }
}
