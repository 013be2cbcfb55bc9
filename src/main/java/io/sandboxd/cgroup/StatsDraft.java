package io.sandboxd.cgroup;

import java.time.Instant;
import java.util.List;

/** Figures as the controllers come by them; several have a part in those of the CPU. */
final class StatsDraft {
  Stats.Memory memory;
  Long cpuUsageUsec;
  Long cpuUserUsec;
  Long cpuSystemUsec;
  Long nrThrottled;
  Long throttledUsec;
  Stats.Pids pids;
  List<Stats.Io> io = List.of();
  Stats.Pressure pressure;
  Long oomKills;

  Stats finish() {
    Stats.Cpu cpu =
        cpuUsageUsec == null
            ? null
            : new Stats.Cpu(cpuUsageUsec, cpuUserUsec, cpuSystemUsec, nrThrottled, throttledUsec);
    return new Stats(Instant.now(), memory, cpu, pids, io, pressure, oomKills);
  }
}
