package io.sandboxd.lifecycle;

import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import java.util.EnumSet;

/** Removes a sandbox with all that it consists of. */
public final class DeleteSandbox {
  private final SandboxRegistry registry;
  private final TearDown tearDown;

  public DeleteSandbox(SandboxRegistry registry, TearDown tearDown) {
    this.registry = registry;
    this.tearDown = tearDown;
  }

  /**
   * @param force also when its main process runs
   * @param by who asks, for those who still wait for its processes
   * @throws SandboxException {@code not_found}; {@code wrong_state} without force; {@code busy}
   *     when something is left, and the delete can be repeated
   */
  public void delete(Sandbox sandbox, boolean force, String by) {
    sandbox.exclusively(
        () -> {
          registry.requireThere(sandbox);
          if (!force
              && EnumSet.of(SandboxState.RUNNING, SandboxState.PAUSED).contains(sandbox.state())) {
            throw SandboxException.wrongState(
                    "The sandbox '"
                        + sandbox.name()
                        + "' is "
                        + sandbox.state().word()
                        + ": stop it first, or delete it with force=true.")
                .with("state", sandbox.state().word());
          }
          // Also where there is no room to write it down: a delete is what makes room.
          sandbox.updateIf(
              EnumSet.complementOf(EnumSet.of(SandboxState.DELETING)),
              s -> s.withState(SandboxState.DELETING));
          tearDown.runOrThrow(sandbox, by);
          return null;
        });
  }
}
