package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.SandboxStatus;
import io.sandboxd.sandbox.SandboxStatusBuilder;
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
          Resources former = sandbox.status().resources();
          boolean limits = !patch.resources().equals(former);
          if (limits) {
            cgroups.check(patch.resources());
          }
          try {
            if (limits) {
              cgroups.of(sandbox.id()).apply(patch.resources());
            }
            // As a whole: it is one change to those who are told of it.
            sandbox.update(s -> patched(s, patch));
          } catch (RuntimeException e) {
            if (limits) {
              cgroups.of(sandbox.id()).apply(former);
            }
            throw e;
          }
          if (patch.changesTtl()) {
            expire.watch(sandbox);
          }
          return sandbox;
        });
  }

  private static SandboxStatus patched(SandboxStatus status, SandboxPatch patch) {
    SandboxStatusBuilder change =
        status.change().labels(patch.labels()).resources(patch.resources());
    if (patch.changesTtl()) {
      change.expiresAt(patch.ttl() == null ? null : Instant.now().plus(patch.ttl()));
    }
    return change.build();
  }
}
