package io.sandboxd.sandbox;

import java.util.List;

/**
 * Limits of a sandbox's cgroup, in the terms of cgroup v2 (kernel: admin-guide/cgroup-v2). A {@code
 * null} anywhere means "no limit of ours".
 */
public record Resources(Memory memory, Cpu cpu, Pids pids, List<Io> io) {
  public static final Resources NONE = new Resources(null, null, null, null);

  /** Bytes. {@code swapMax} is swap alone, as in v2 (on v1 it is added to {@code max}). */
  public record Memory(ByteSize max, ByteSize high, ByteSize swapMax) {}

  /**
   * @param max number of CPUs' worth of time, e.g. 0.5; at least 0.01
   * @param weight 1 to 10000, default 100
   * @param cpuset e.g. {@code "0-1,3"}
   */
  public record Cpu(Double max, Integer weight, String cpuset) {}

  /**
   * @param max processes and threads inside, 1 or more; the daemon's own init is not counted
   */
  public record Pids(Long max) {}

  /**
   * @param device a block device's path, e.g. {@code /dev/vda}
   * @param rbps bytes read per second
   * @param wbps bytes written per second
   * @param riops reads per second
   * @param wiops writes per second
   * @param weight 1 to 10000, default 100
   */
  public record Io(
      String device, ByteSize rbps, ByteSize wbps, Long riops, Long wiops, Integer weight) {}
}
