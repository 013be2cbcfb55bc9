package io.sandboxd.lifecycle;

import io.sandboxd.lifecycle.LaunchProcess.Order;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.rules.PolicyRules;
import java.util.EnumSet;
import java.util.Optional;

/** Runs the main process: the first time, or again after it has ended. */
public final class StartSandbox {
  private final PolicyRules policy;
  private final LaunchProcess launch;

  public StartSandbox(PolicyRules policy, LaunchProcess launch) {
    this.policy = policy;
    this.launch = launch;
  }

  /**
   * @param times for its stages
   * @throws SandboxException {@code wrong_state}, {@code launch_failed}; {@code not_permitted} for
   *     one that the caller could not create today
   */
  public Sandbox start(Sandbox sandbox, Caller caller, StageTimes times) {
    if (sandbox.isEphemeral()) {
      throw SandboxException.wrongState(
          "The sandbox '" + sandbox.name() + "' belongs to a run, with which it starts and ends.");
    }
    return start(sandbox, 0, caller, times);
  }

  /**
   * @param head bytes of its output to keep at the beginning
   */
  Sandbox start(Sandbox sandbox, long head, Caller caller, StageTimes times) {
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
          ProcessSpec main = policy.admit(spec, sandbox.status().spec(), caller);
          Optional<SandboxProcess> former = sandbox.main();
          SandboxProcess process =
              launch.launch(
                  sandbox, new Order(ProcessStatus.MAIN, main, null, head > 0, head, null, times));
          former.ifPresent(launch::forget);
          // It runs, be there room to write it down or not: the next daemon can tell by its
          // process.
          process.announce(
              () ->
                  sandbox.updateIf(
                      EnumSet.of(SandboxState.CREATED, SandboxState.STOPPED),
                      s -> s.started(process.status().startedAt())),
              () -> RecordExit.mainHasEnded(process));
          Fault.START_DONE.here(sandbox);
          times.done("record");
          return sandbox;
        });
  }
}
