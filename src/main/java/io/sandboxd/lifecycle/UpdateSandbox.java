package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.SandboxStatus;
import io.sandboxd.sandbox.SandboxStatusBuilder;
import io.sandboxd.sandbox.rules.PolicyRules;
import io.sandboxd.sandbox.rules.SandboxPatch;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Objects;
import java.util.function.Function;

/** Changes what can be changed of a living sandbox: limits, rules, labels, time to live. */
public final class UpdateSandbox {
  private static final EnumSet<SandboxState> ALIVE =
      EnumSet.of(
          SandboxState.CREATED, SandboxState.RUNNING, SandboxState.PAUSED, SandboxState.STOPPED);

  private final PolicyRules policy;
  private final Cgroups cgroups;
  private final ConnectSandbox networks;
  private final ExpireSandboxes expire;

  public UpdateSandbox(
      PolicyRules policy, Cgroups cgroups, ConnectSandbox networks, ExpireSandboxes expire) {
    this.policy = policy;
    this.cgroups = cgroups;
    this.networks = networks;
    this.expire = expire;
  }

  /**
   * @param change from what it is to what it shall be; asked when no other verb runs
   * @throws SandboxException {@code wrong_state}; {@code not_permitted}; {@code invalid_spec},
   *     {@code busy} or {@code launch_failed} for limits that cannot be had: the former ones are in
   *     force then
   */
  public Sandbox update(
      Sandbox sandbox, Function<SandboxStatus, SandboxPatch> change, Caller caller) {
    return sandbox.exclusively(
        () -> {
          sandbox.require(ALIVE, "it cannot be changed");
          SandboxStatus before = sandbox.status();
          SandboxPatch patch = admitted(change.apply(before), before.resources(), caller);
          if (patch.ttl() != null && sandbox.isEphemeral()) {
            throw SandboxException.invalid("ttl", "cannot be: the sandbox goes with its run");
          }
          SandboxStatus after = patched(before, patch);
          if (!after.resources().equals(before.resources())) {
            cgroups.check(after.resources());
          }
          try {
            putInForce(before, after);
            // As a whole: it is one change to those who are told of it.
            sandbox.update(s -> patched(s, patch));
          } catch (RuntimeException e) {
            try {
              putInForce(after, before);
            } catch (RuntimeException again) {
              e.addSuppressed(again);
            }
            throw e;
          }
          if (patch.changesTtl()) {
            expire.watch(sandbox);
          }
          return sandbox;
        });
  }

  private void putInForce(SandboxStatus former, SandboxStatus now) {
    if (!now.resources().equals(former.resources())) {
      cgroups.of(now.id()).apply(now.resources());
    }
    if (!Objects.equals(now.spec().network(), former.spec().network())) {
      networks.change(former, now);
    }
  }

  /** Limits that are left as they are may be an admin's doing. */
  private SandboxPatch admitted(SandboxPatch patch, Resources former, Caller caller) {
    return patch.resources().equals(former)
        ? patch
        : patch.with(policy.admit(patch.resources(), FieldPath.ROOT.field("resources"), caller));
  }

  private static SandboxStatus patched(SandboxStatus status, SandboxPatch patch) {
    SandboxStatusBuilder change =
        status
            .change()
            .labels(patch.labels())
            .resources(patch.resources())
            .spec(status.spec().with(patch.network()));
    if (patch.changesTtl()) {
      change.expiresAt(patch.ttl() == null ? null : Instant.now().plus(patch.ttl()));
    }
    return change.build();
  }
}
