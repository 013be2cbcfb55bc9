package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.DeviceRule;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.StateDirectory;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jboss.logging.Logger;

/** Makes a blank a sandbox's own: from then on all is as if it had been made for it. */
public final class ClaimBlank {
  private static final Logger LOG = Logger.getLogger(ClaimBlank.class);

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
   * @return false if it is good for nothing, and gone: all has to be made then. The limits of this
   *     sandbox may be too narrow for what is there before them
   */
  boolean claim(Sandbox sandbox, Blank blank, List<DeviceRule> allowed) {
    try {
      blank.cgroup().apply(sandbox.status().resources());
      if (allowed != null) {
        blank.cgroup().devices().allowOnly(allowed);
      }
      Fault.CLAIM_LIMITED.here(blank.init().pid());
      if (!blanks.isAlive(blank)) {
        throw new SandboxException(ErrorCode.LAUNCH_FAILED, "Its init was killed.");
      }
      inits.hold(sandbox, blank.init().pidfd(), () -> recordExit.initDied(sandbox));
      inits.adopt(
          sandbox, blank.channel(), recordExit.listener(sandbox, new CompletableFuture<>()));
      sandbox.update(
          s ->
              s.change()
                  .idMappings(blank.ids())
                  .pid(blank.init().pid())
                  .initStartTicks(blank.init().startTicks())
                  .build());
      Fault.CLAIM_RECORDED.here(sandbox);
      directory.claimBlank(sandbox.id());
      Fault.CLAIM_MOVED.here(sandbox);
      return true;
    } catch (RuntimeException e) {
      LOG.debugf("Sandbox %s is made anew, not of a blank: %s", sandbox.name(), e.getMessage());
      inits.kill(sandbox);
      blanks.putAway(blank);
      return false;
    }
  }
}
