package io.sandboxd.api;

import io.prometheus.client.Collector.MetricFamilySamples;
import io.prometheus.client.Collector.MetricFamilySamples.Sample;
import io.prometheus.client.Collector.Type;
import io.sandboxd.cgroup.Stats;
import io.sandboxd.lifecycle.ReadStats;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.net.InterfaceCounters;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Samples in the making, those of one name together. In base units, as Prometheus has them: bytes
 * and seconds.
 */
final class MetricFamilies {
  private static final double MICRO = 1e-6;

  /** Of a sandbox: it can make any number, under any names, and each is series of its own. */
  private static final int MOST_INTERFACES = 8;

  private record Family(Type type, String help, List<Sample> samples) {}

  private final Map<String, Family> families = new LinkedHashMap<>();
  private List<String> labels = List.of();
  private List<String> values = List.of();

  List<MetricFamilySamples> samples() {
    return families.entrySet().stream()
        .map(
            e ->
                new MetricFamilySamples(
                    e.getKey(), e.getValue().type(), e.getValue().help(), e.getValue().samples()))
        .toList();
  }

  void count(SandboxState state, long sandboxes) {
    labels = List.of("state");
    values = List.of(state.word());
    add("sandboxd_sandboxes", Type.GAUGE, "Sandboxes there are.", sandboxes, 1);
  }

  void blanks(long ready) {
    labels = List.of();
    values = List.of();
    add("sandboxd_blanks", Type.GAUGE, "Blank sandboxes that are ready to be one.", ready, 1);
  }

  /** What the host does not count is left out. */
  void add(String name, String id, ReadStats.Figures figures) {
    cgroup(name, id, figures.cgroup());
    if (figures.network() != null) {
      figures.network().entrySet().stream()
          .limit(MOST_INTERFACES)
          .forEach(each -> network(name, id, each.getKey(), each.getValue()));
    }
  }

  private void network(String name, String id, String device, InterfaceCounters counters) {
    of(name, id, "interface", device);
    counter("network_receive_bytes", "Bytes received.", counters.rxBytes(), 1);
    counter("network_receive_packets", "Packets received.", counters.rxPackets(), 1);
    counter("network_receive_errors", "Bad packets received.", counters.rxErrors(), 1);
    counter("network_receive_dropped", "Packets not taken.", counters.rxDropped(), 1);
    counter("network_transmit_bytes", "Bytes sent.", counters.txBytes(), 1);
    counter("network_transmit_packets", "Packets sent.", counters.txPackets(), 1);
    counter("network_transmit_errors", "Packets that failed.", counters.txErrors(), 1);
    counter("network_transmit_dropped", "Packets not sent.", counters.txDropped(), 1);
  }

  private void cgroup(String name, String id, Stats stats) {
    of(name, id);
    if (stats.memory() != null) {
      gauge("memory_bytes", "Memory in use.", stats.memory().current());
      gauge("memory_peak_bytes", "The most memory that was in use.", stats.memory().peak());
      gauge("memory_max_bytes", "The limit of memory.", stats.memory().max());
      gauge("swap_bytes", "Swap in use.", stats.memory().swap());
    }
    if (stats.cpu() != null) {
      Stats.Cpu cpu = stats.cpu();
      counter("cpu_seconds", "CPU time used.", cpu.usageUsec(), MICRO);
      counter("cpu_user_seconds", "Of it, in user mode.", cpu.userUsec(), MICRO);
      counter("cpu_system_seconds", "Of it, in the kernel.", cpu.systemUsec(), MICRO);
      counter("cpu_throttled_seconds", "Time held back.", cpu.throttledUsec(), MICRO);
      counter("cpu_throttled_periods", "Periods of 100 ms with it.", cpu.nrThrottled(), 1);
    }
    if (stats.pids() != null) {
      gauge("pids", "Processes and threads.", stats.pids().current());
      gauge("pids_peak", "The most there were at once.", stats.pids().peak());
      gauge("pids_max", "The limit of processes and threads.", stats.pids().max());
    }
    counter("oom_kills", "Processes killed because memory was out.", stats.oomKills(), 1);
    for (Stats.Io io : stats.io()) {
      of(name, id, "device", io.device());
      counter("io_read_bytes", "Bytes read.", io.rbytes(), 1);
      counter("io_written_bytes", "Bytes written.", io.wbytes(), 1);
      counter("io_reads", "Read operations.", io.rios(), 1);
      counter("io_writes", "Write operations.", io.wios(), 1);
    }
    if (stats.pressure() != null) {
      pressure(name, id, "memory", stats.pressure().memory());
      pressure(name, id, "cpu", stats.pressure().cpu());
      pressure(name, id, "io", stats.pressure().io());
    }
  }

  private void pressure(String name, String id, String resource, Stats.Stall stall) {
    if (stall != null) {
      pressure(name, id, resource, "some", stall.some());
      pressure(name, id, resource, "full", stall.full());
    }
  }

  private void pressure(String name, String id, String resource, String kind, Stats.Line line) {
    if (line != null) {
      of(name, id, "resource", resource, "kind", kind);
      counter("pressure_seconds", "Time in which some or all waited for it.", line.total(), MICRO);
    }
  }

  private void of(String name, String id, String... more) {
    labels = new ArrayList<>(List.of("name", "id"));
    values = new ArrayList<>(List.of(name, id));
    for (int i = 0; i < more.length; i += 2) {
      labels.add(more[i]);
      values.add(more[i + 1]);
    }
  }

  private void gauge(String what, String help, Long value) {
    add("sandboxd_sandbox_" + what, Type.GAUGE, help, value, 1);
  }

  private void counter(String what, String help, Long value, double unit) {
    add("sandboxd_sandbox_" + what + "_total", Type.COUNTER, help, value, unit);
  }

  private void add(String metric, Type type, String help, Long value, double unit) {
    if (value != null) {
      families
          .computeIfAbsent(metric, m -> new Family(type, help, new ArrayList<>()))
          .samples()
          .add(new Sample(metric, labels, values, value * unit));
    }
  }
}
