package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.cgroup.Stats;
import io.sandboxd.registry.SandboxRegistry;

/** What a sandbox uses at this moment. */
public final class ReadStats {
  private final SandboxRegistry registry;
  private final Cgroups cgroups;

  public ReadStats(SandboxRegistry registry, Cgroups cgroups) {
    this.registry = registry;
    this.cgroups = cgroups;
  }

  public Stats stats(String name) {
    return cgroups.of(registry.get(name).id()).stats();
  }
}
