package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroup;
import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Changes what can be changed of a living sandbox: limits, labels, time to live. */
public final class UpdateSandbox {
  private static final EnumSet<SandboxState> ALIVE =
      EnumSet.of(
          SandboxState.CREATED, SandboxState.RUNNING, SandboxState.PAUSED, SandboxState.STOPPED);

  /**
   * The new values, each made from the former one; null: no change.
   *
   * @param ttl from now on; empty: for ever
   */
  public record Change(
      UnaryOperator<Resources> resources,
      UnaryOperator<Map<String, String>> labels,
      java.util.Optional<Duration> ttl) {}

  private final SandboxRegistry registry;
  private final Cgroups cgroups;
  private final ExpireSandboxes expire;

  public UpdateSandbox(SandboxRegistry registry, Cgroups cgroups, ExpireSandboxes expire) {
    this.registry = registry;
    this.cgroups = cgroups;
    this.expire = expire;
  }

  /**
   * @throws SandboxException {@code not_found}, {@code wrong_state}; {@code invalid_spec}, {@code
   *     busy} or {@code launch_failed} for limits that cannot be had: the former ones are in force
   *     then
   */
  public Sandbox update(String name, Change change) {
    Sandbox sandbox = registry.get(name);
    return sandbox.exclusively(
        () -> {
          sandbox.require(ALIVE, "it cannot be changed");
          if (change.resources() != null) {
            limits(sandbox, change.resources().apply(sandbox.status().resources()));
          }
          if (change.labels() != null) {
            Map<String, String> labels = change.labels().apply(sandbox.status().labels());
            sandbox.update(s -> s.change().labels(labels).build());
          }
          if (change.ttl() != null) {
            Instant end = change.ttl().map(Instant.now()::plus).orElse(null);
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
