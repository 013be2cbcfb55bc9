package io.sandboxd.cgroup;

import java.util.Map;

/** What every group of cgroup v2 has, without any controller. */
record UnifiedGroup(GroupDirectory group) {
  static final String EVENTS = "cgroup.events";
  private static final String KILL = "cgroup.kill";

  /**
   * Kernel 5.14 on. Nothing escapes it, not even by forking. Returns whether there is such a thing.
   */
  boolean kill() {
    if (!group.has(KILL)) {
      return false;
    }
    group.writeIfThere(KILL, "1");
    return true;
  }

  void collect(StatsDraft stats) {
    Map<String, Long> cpu = group.flatKeyed("cpu.stat");
    stats.cpuUsageUsec = cpu.get("usage_usec");
    stats.cpuUserUsec = cpu.get("user_usec");
    stats.cpuSystemUsec = cpu.get("system_usec");
    stats.nrThrottled = cpu.get("nr_throttled");
    stats.throttledUsec = cpu.get("throttled_usec");
    Stats.Stall memory = stall("memory.pressure");
    Stats.Stall processor = stall("cpu.pressure");
    Stats.Stall io = stall("io.pressure");
    if (memory != null || processor != null || io != null) {
      stats.pressure = new Stats.Pressure(memory, processor, io);
    }
  }

  private Stats.Stall stall(String file) {
    Map<String, Map<String, String>> lines = ControlText.nestedKeyed(group.read(file));
    Stats.Line some = line(lines.get("some"));
    Stats.Line full = line(lines.get("full"));
    return some == null && full == null ? null : new Stats.Stall(some, full);
  }

  private static Stats.Line line(Map<String, String> figures) {
    try {
      return figures == null
          ? null
          : new Stats.Line(
              Double.parseDouble(figures.getOrDefault("avg10", "")),
              Double.parseDouble(figures.getOrDefault("avg60", "")),
              Long.parseLong(figures.getOrDefault("total", "")));
    } catch (NumberFormatException e) {
      return null;
    }
  }
}
