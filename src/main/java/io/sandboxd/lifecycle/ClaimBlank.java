package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.DeviceRule;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.StateDirectory;
import java.util.List;
import java.util.concurrent.CompletableFuture;

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
   * @param sandbox of the blank's id, on record already
   * @param allowed null for all devices
   * @throws RuntimeException for any reason, such as limits that are too narrow for what was there
   *     before them, or an init that was killed. What is left is the sandbox's then
   */
  void claim(Sandbox sandbox, Blank blank, List<DeviceRule> allowed) {
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
      sandbox.update(
          s ->
              s.change()
                  .idMappings(blank.ids())
                  .cgroup(blank.cgroup().path())
                  .pid(init.pid())
                  .initStartTicks(init.startTicks())
                  .build());
    } catch (RuntimeException e) {
      inits.kill(sandbox);
      blanks.putAway(blank);
      throw e;
    }
    Fault.CLAIM_RECORDED.here(sandbox);
    directory.claimBlank(sandbox.id());
    Fault.CLAIM_MOVED.here(sandbox);
  }
}
