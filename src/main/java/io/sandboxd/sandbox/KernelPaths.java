package io.sandboxd.sandbox;

import java.util.List;

/**
 * Which files of proc(5) and sysfs(5) no sandbox is shown, or may change, unless its spec says
 * otherwise. They speak of the machine, not of a namespace.
 */
public final class KernelPaths {
  /**
   * Physical and kernel memory, keys, timers, who waits for what, ACPI and other firmware, and what
   * gives away the activity of others by temperature, power or interrupts.
   */
  public static final List<String> MASKED =
      List.of(
          "/proc/acpi",
          "/proc/asound",
          "/proc/interrupts",
          "/proc/kcore",
          "/proc/keys",
          "/proc/kmsg",
          "/proc/kpagecgroup",
          "/proc/kpagecount",
          "/proc/kpageflags",
          "/proc/latency_stats",
          "/proc/sched_debug",
          "/proc/scsi",
          "/proc/timer_list",
          "/proc/timer_stats",
          "/sys/devices/virtual/powercap",
          "/sys/firmware",
          "/sys/kernel/debug",
          "/sys/kernel/security",
          "/sys/kernel/tracing");

  /** Knobs of the machine: a root that is the host's could rule it, e.g. by a core_pattern. */
  public static final List<String> READONLY =
      List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

  private KernelPaths() {}
}
