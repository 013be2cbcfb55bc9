package io.sandboxd.cgroup;

import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;

/** The limits of CPU time in the kernel's units. */
final class CpuShare {
  static final long PERIOD_USEC = 100_000;

  /** The kernel's shortest quota is 1 ms. */
  private static final double SMALLEST = 0.01;

  private static final double LARGEST = 100_000;

  private CpuShare() {}

  static void check(Resources.Cpu cpu) {
    if (cpu == null) {
      return;
    }
    if (cpu.max() != null && !(cpu.max() >= SMALLEST && cpu.max() <= LARGEST)) {
      throw SandboxException.invalid(
          "resources.cpu.max", "is a number of CPUs from 0.01 to 100000, not " + cpu.max());
    }
    checkWeight("resources.cpu.weight", cpu.weight());
  }

  static void checkWeight(String field, Integer weight) {
    if (weight != null && (weight < 1 || weight > 10_000)) {
      throw SandboxException.invalid(field, "is from 1 to 10000, not " + weight);
    }
  }

  /** Microseconds of CPU time per period, or null. */
  static Long quota(Resources.Cpu cpu) {
    return cpu == null || cpu.max() == null ? null : Math.round(cpu.max() * PERIOD_USEC);
  }

  static Integer weight(Resources.Cpu cpu) {
    return cpu == null ? null : cpu.weight();
  }

  /**
   * A v2 weight (1, 100 by default, 10000) as v1 shares (2, 1024 by default, 262144): the inverse
   * of the OCI runtimes' conversion, weight = 10^((l² + 125 l) / 612 − 7/34) with l = log2(shares),
   * which meets the ends and the defaults of both scales.
   */
  static long shares(int weight) {
    double scaled = 612 * (Math.log10(weight) + 7.0 / 34);
    return Math.round(Math.pow(2, (Math.sqrt(125 * 125 + 4 * scaled) - 125) / 2));
  }
}
