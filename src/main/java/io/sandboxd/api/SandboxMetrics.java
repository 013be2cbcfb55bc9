package io.sandboxd.api;

import io.micrometer.prometheus.PrometheusMeterRegistry;
import io.prometheus.client.Collector;
import io.quarkus.runtime.StartupEvent;
import io.sandboxd.lifecycle.Blanks;
import io.sandboxd.lifecycle.ReadStats;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The figures of all sandboxes as metrics. They are read when they are asked for, once each, and
 * nothing is kept: what is deleted is not there the next time.
 */
@Singleton
final class SandboxMetrics extends Collector {
  /** Of so many, the oldest, there are figures: what is read must be worth the time. */
  static final int MOST = 1_000;

  private final SandboxRegistry sandboxes;
  private final ReadStats stats;
  private final Blanks blanks;

  SandboxMetrics(SandboxRegistry sandboxes, ReadStats stats, Blanks blanks) {
    this.sandboxes = sandboxes;
    this.stats = stats;
    this.blanks = blanks;
  }

  void register(@Observes StartupEvent started, PrometheusMeterRegistry metrics) {
    metrics.getPrometheusRegistry().register(this);
  }

  @Override
  public List<MetricFamilySamples> collect() {
    MetricFamilies families = new MetricFamilies();
    List<Sandbox> all = sandboxes.all();
    Map<SandboxState, Long> states =
        all.stream().collect(Collectors.groupingBy(Sandbox::state, Collectors.counting()));
    Arrays.stream(SandboxState.values())
        .forEach(state -> families.count(state, states.getOrDefault(state, 0L)));
    families.blanks(blanks.count());
    for (Sandbox sandbox : all.subList(0, Math.min(all.size(), MOST))) {
      try {
        families.add(sandbox.name(), sandbox.id(), stats.stats(sandbox));
      } catch (SandboxException e) {
        // It was deleted meanwhile.
      }
    }
    return families.samples();
  }
}
