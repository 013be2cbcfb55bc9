package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import java.util.EnumSet;

/** Freezes everything inside (cgroup freezer), and thaws it. */
public final class PauseSandbox {
  private final Cgroups cgroups;

  public PauseSandbox(Cgroups cgroups) {
    this.cgroups = cgroups;
  }

  /**
   * @throws SandboxException {@code not_found}, {@code wrong_state}; {@code busy} when not all
   *     stopped in time
   */
  public Sandbox pause(Sandbox sandbox) {
    return sandbox.exclusively(
        () -> {
          sandbox.require(
              EnumSet.of(SandboxState.CREATED, SandboxState.RUNNING),
              "only one that is created or running can be paused");
          cgroups.of(sandbox.id()).freeze();
          Fault.PAUSE_FROZEN.here(sandbox);
          boolean paused =
              sandbox.updateIf(
                  EnumSet.of(SandboxState.CREATED, SandboxState.RUNNING),
                  s -> s.withState(SandboxState.PAUSED));
          if (!paused) {
            cgroups.of(sandbox.id()).thaw();
            throw SandboxException.wrongState(
                "The sandbox '" + sandbox.name() + "' ended while it was being paused.");
          }
          return sandbox;
        });
  }

  /**
   * @throws SandboxException {@code not_found}, {@code wrong_state}
   */
  public Sandbox resume(Sandbox sandbox) {
    return sandbox.exclusively(
        () -> {
          sandbox.require(
              EnumSet.of(SandboxState.PAUSED), "only one that is paused can be resumed");
          cgroups.of(sandbox.id()).thaw();
          Fault.RESUME_THAWED.here(sandbox);
          noteThawed(sandbox);
          return sandbox;
        });
  }

  /**
   * What a sandbox is when it is not frozen: whether its main process was started, or has ended,
   * tells.
   */
  static void noteThawed(Sandbox sandbox) {
    sandbox.updateIf(
        EnumSet.of(SandboxState.PAUSED),
        s ->
            s.startedAt() == null
                ? s.withState(SandboxState.CREATED)
                : s.withState(SandboxState.RUNNING));
    sandbox.main().filter(SandboxProcess::isOver).ifPresent(RecordExit::mainHasEnded);
  }
}
