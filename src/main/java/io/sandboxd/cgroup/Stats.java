package io.sandboxd.cgroup;

import java.time.Instant;
import java.util.List;

/**
 * What a sandbox uses and has used, at one moment. A {@code null} anywhere is "this host does not
 * say"; for a limit it is "none".
 *
 * @param oomKills processes killed because the group was out of memory
 */
public record Stats(
    Instant time,
    Memory memory,
    Cpu cpu,
    Pids pids,
    List<Io> io,
    Pressure pressure,
    Long oomKills) {

  /** Bytes. {@code swap} is what is in use. */
  public record Memory(Long current, Long peak, Long max, Long swap) {}

  /**
   * Microseconds, save for the number of periods (of 100 ms) in which the limit was reached.
   *
   * @param throttledUsec for how long processes that could run were held back
   */
  public record Cpu(
      Long usageUsec, Long userUsec, Long systemUsec, Long nrThrottled, Long throttledUsec) {}

  /** Processes and threads, the daemon's own init not counted. */
  public record Pids(Long current, Long peak, Long max) {}

  /**
   * One block device since the group was made.
   *
   * @param device its path where it has one, else {@code major:minor}
   */
  public record Io(String device, long rbytes, long wbytes, long rios, long wios) {}

  /** Pressure stall information (accounting/psi), where the host has it. */
  public record Pressure(Stall memory, Stall cpu, Stall io) {}

  /** {@code some}: at least one task was held up; {@code full}: all of them at once. */
  public record Stall(Line some, Line full) {}

  /** Per cent of the last 10 and 60 seconds, and microseconds altogether. */
  public record Line(double avg10, double avg60, long total) {}
}
