package io.sandboxd.lifecycle;

import io.sandboxd.lifecycle.LaunchProcess.Order;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import java.util.EnumSet;
import java.util.Optional;

/** Runs the main process: the first time, or again after it has ended. */
public final class StartSandbox {
  private final SandboxRegistry registry;
  private final LaunchProcess launch;

  public StartSandbox(SandboxRegistry registry, LaunchProcess launch) {
    this.registry = registry;
    this.launch = launch;
  }

  /**
   * @param times for its stages
   * @throws SandboxException {@code not_found}, {@code wrong_state}, {@code launch_failed}
   */
  public Sandbox start(String name, StageTimes times) {
    Sandbox sandbox = registry.get(name);
    return sandbox.exclusively(
        () -> {
          sandbox.require(
              EnumSet.of(SandboxState.CREATED, SandboxState.STOPPED),
              "only one that is created or stopped can be started");
          ProcessSpec spec = sandbox.status().spec().process();
          if (spec == null) {
            throw SandboxException.wrongState(
                "The sandbox '" + sandbox.name() + "' was created without a process: use exec.");
          }
          Optional<SandboxProcess> former = sandbox.main();
          SandboxProcess main =
              launch.launch(sandbox, new Order(ProcessStatus.MAIN, spec, null, 0, null, times));
          former.ifPresent(launch::forget);
          // It runs, be there room to write it down or not: the next daemon can tell by its
          // process.
          main.announce(
              () ->
                  sandbox.updateIf(
                      EnumSet.of(SandboxState.CREATED, SandboxState.STOPPED),
                      s -> s.started(main.status().startedAt())));
          Fault.START_DONE.here(sandbox);
          if (main.isOver()) {
            RecordExit.mainHasEnded(main);
          }
          times.done("record");
          return sandbox;
        });
  }
}
