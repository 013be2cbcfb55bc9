package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.cgroup.Stats;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.sandbox.SandboxUsage;
import java.time.Duration;

/** What a sandbox has used, to be kept with the way its main process ended. */
final class MeasureSandbox {
  private static final double MICRO = 1e-6;
  private static final double NANO = 1e-9;

  private final Cgroups cgroups;

  MeasureSandbox(Cgroups cgroups) {
    this.cgroups = cgroups;
  }

  /** Null when its control group is gone, or cannot be read. */
  SandboxUsage of(Sandbox sandbox, Duration wall) {
    try {
      Stats stats = cgroups.of(sandbox.id()).figures().totals();
      if (stats.cpu() == null) {
        return null; // every host counts that
      }
      return new SandboxUsage(
          seconds(stats.cpu().usageUsec()),
          wall.toNanos() * NANO,
          stats.memory() == null ? null : stats.memory().peak(),
          stats.pids() == null ? null : stats.pids().peak(),
          stats.oomKills(),
          waiting(stats.pressure()));
    } catch (ErrnoException e) {
      return null;
    }
  }

  private static SandboxUsage.Waiting waiting(Stats.Pressure pressure) {
    return pressure == null
        ? null
        : new SandboxUsage.Waiting(
            some(pressure.memory()), some(pressure.cpu()), some(pressure.io()));
  }

  private static Double some(Stats.Stall stall) {
    return stall == null || stall.some() == null ? null : seconds(stall.some().total());
  }

  private static Double seconds(Long micros) {
    return micros == null ? null : Double.valueOf(micros * MICRO);
  }
}
