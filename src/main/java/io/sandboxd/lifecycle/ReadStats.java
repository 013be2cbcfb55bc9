package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.cgroup.Stats;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.SandboxException;

/** What a sandbox uses at this moment. */
public final class ReadStats {
  private final SandboxRegistry registry;
  private final Cgroups cgroups;

  public ReadStats(SandboxRegistry registry, Cgroups cgroups) {
    this.registry = registry;
    this.cgroups = cgroups;
  }

  /**
   * @throws SandboxException {@code not_found} when it was deleted
   */
  public Stats stats(Sandbox sandbox) {
    registry.requireThere(sandbox);
    return cgroups.of(sandbox.id()).stats();
  }
}
