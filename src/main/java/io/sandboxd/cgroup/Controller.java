package io.sandboxd.cgroup;

import io.sandboxd.sandbox.Resources;
import java.util.List;
import java.util.Set;

/** What one controller limits and counts, in the hierarchy it is attached to. */
interface Controller {
  /** As cgroup v2 names them; these are what a sandbox's resources need. */
  List<String> NAMES = List.of("memory", "cpu", "cpuset", "pids", "io");

  /** Those of v1 that have a part in it. */
  Set<String> LEGACY_NAMES =
      Set.of("memory", "cpu", "cpuacct", "cpuset", "pids", "blkio", "freezer", "devices");

  Hierarchy hierarchy();

  /**
   * Refuses what this kernel cannot enforce. The hierarchy's root has the files that a group has.
   */
  void check(Resources wanted);

  /** Refuses what a group cannot pass on to one in it, having less itself. */
  default void checkWithin(GroupDirectory group, Resources wanted) {}

  /** Makes a new group such that processes can enter it. */
  default void prepare(GroupDirectory group) {}

  /** The same for our root and those above it, whose settings the groups below inherit. */
  default void prepareRoot(GroupDirectory group) {
    prepare(group);
  }

  void apply(Limits limits, Resources wanted);

  void collect(GroupDirectory group, StatsDraft stats);

  /** Of that, what is counted from the beginning on, and the peaks. */
  default void collectTotals(GroupDirectory group, StatsDraft stats) {}

  /** Processes killed for want of memory in the group and below, as long as what is below lives. */
  default long oomKills(GroupDirectory group) {
    return 0;
  }

  /** The implementation for one v2 name, in the hierarchy that has it. */
  static Controller of(String name, Hierarchy hierarchy, BlockDevices devices) {
    boolean unified = hierarchy.unified();
    return switch (name) {
      case "memory" -> unified ? new UnifiedMemory(hierarchy) : new LegacyMemory(hierarchy);
      case "cpu" -> unified ? new UnifiedCpu(hierarchy) : new LegacyCpu(hierarchy);
      case "cpuset" -> new Cpuset(hierarchy);
      case "pids" -> new Pids(hierarchy);
      case "io" -> unified ? new UnifiedIo(hierarchy, devices) : new LegacyIo(hierarchy, devices);
      default -> throw new IllegalArgumentException(name);
    };
  }
}
