package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroup;
import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.SandboxStatus;
import io.sandboxd.sandbox.rules.SandboxPatch;
import java.time.Instant;
import java.util.EnumSet;
import java.util.function.Function;

/** Changes what can be changed of a living sandbox: limits, labels, time to live. */
public final class UpdateSandbox {
  private static final EnumSet<SandboxState> ALIVE =
      EnumSet.of(
          SandboxState.CREATED, SandboxState.RUNNING, SandboxState.PAUSED, SandboxState.STOPPED);

  private final SandboxRegistry registry;
  private final Cgroups cgroups;
  private final ExpireSandboxes expire;

  public UpdateSandbox(SandboxRegistry registry, Cgroups cgroups, ExpireSandboxes expire) {
    this.registry = registry;
    this.cgroups = cgroups;
    this.expire = expire;
  }

  /**
   * @param change from what it is to what it shall be; asked when no other verb runs
   * @throws SandboxException {@code not_found}, {@code wrong_state}; {@code invalid_spec}, {@code
   *     busy} or {@code launch_failed} for limits that cannot be had: the former ones are in force
   *     then
   */
  public Sandbox update(String name, Function<SandboxStatus, SandboxPatch> change) {
    Sandbox sandbox = registry.get(name);
    return sandbox.exclusively(
        () -> {
          sandbox.require(ALIVE, "it cannot be changed");
          SandboxPatch patch = change.apply(sandbox.status());
          if (!patch.resources().equals(sandbox.status().resources())) {
            limits(sandbox, patch.resources());
          }
          sandbox.update(s -> s.change().labels(patch.labels()).build());
          if (patch.changesTtl()) {
            Instant end = patch.ttl() == null ? null : Instant.now().plus(patch.ttl());
            sandbox.update(s -> s.change().expiresAt(end).build());
            expire.watch(sandbox);
          }
          return sandbox;
        });
  }

  private void limits(Sandbox sandbox, Resources wanted) {
    cgroups.check(wanted);
    Cgroup cgroup = cgroups.of(sandbox.id());
    try {
      cgroup.apply(wanted);
    } catch (RuntimeException e) {
      cgroup.apply(sandbox.status().resources());
      throw e;
    }
    sandbox.update(s -> s.withResources(wanted));
  }
}
