package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroup;
import io.sandboxd.cgroup.DeviceRule;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.StateDirectory;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.net.InterfaceStatus;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Makes a blank a sandbox's own: from then on all is as if it had been made for it. */
public final class ClaimBlank {
  private final StateDirectory directory;
  private final Inits inits;
  private final RecordExit recordExit;
  private final Blanks blanks;

  public ClaimBlank(StateDirectory directory, Inits inits, RecordExit recordExit, Blanks blanks) {
    this.directory = directory;
    this.inits = inits;
    this.recordExit = recordExit;
    this.blanks = blanks;
  }

  /**
   * @param sandbox that is on record as what the {@link Blank#describe blank} is already
   * @param allowed null for all devices
   * @param interfaces reserves those that it will have
   * @throws RuntimeException for any reason, such as limits that are too narrow for what was there
   *     before them, or an init that was killed. What is left is the sandbox's then
   */
  Cgroup claim(
      Sandbox sandbox,
      Blank blank,
      List<DeviceRule> allowed,
      Supplier<List<InterfaceStatus>> interfaces) {
    LaunchInit.Launched init = blank.init();
    try {
      blank.cgroup().apply(sandbox.status().resources());
      if (allowed != null) {
        blank.cgroup().devices().allowOnly(allowed);
      }
      Fault.CLAIM_LIMITED.here(init.pid());
      inits.hold(sandbox, init.pidfd(), () -> recordExit.initDied(sandbox));
      inits.adopt(
          sandbox, blank.channel(), recordExit.listener(sandbox, new CompletableFuture<>()));
      List<InterfaceStatus> reserved = interfaces.get();
      if (reserved != null) {
        sandbox.update(s -> s.change().interfaces(reserved).build());
      }
    } catch (RuntimeException e) {
      inits.kill(sandbox);
      // Its ids go with it, and must not be given back once more.
      sandbox.updateIf(EnumSet.of(SandboxState.CREATING), s -> s.change().idMappings(null).build());
      blanks.putAway(blank);
      throw e;
    }
    Fault.CLAIM_RECORDED.here(sandbox);
    try {
      directory.claimBlank(sandbox.id());
    } catch (RuntimeException e) {
      directory.deleteBlank(sandbox.id());
      throw e;
    }
    Fault.CLAIM_MOVED.here(sandbox);
    return blank.cgroup();
  }
}
