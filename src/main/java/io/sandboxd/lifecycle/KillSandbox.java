package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.ExitStatus;
import io.sandboxd.sandbox.KillRequest;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.Signal;
import java.util.EnumSet;

/** Signals one process by its pidfd, or all through the cgroup; never by a bare pid. */
public final class KillSandbox {
  private static final EnumSet<SandboxState> ALIVE =
      EnumSet.of(
          SandboxState.CREATED, SandboxState.RUNNING, SandboxState.PAUSED, SandboxState.STOPPED);

  private final Syscalls syscalls;
  private final Cgroups cgroups;

  public KillSandbox(Syscalls syscalls, Cgroups cgroups) {
    this.syscalls = syscalls;
    this.cgroups = cgroups;
  }

  /**
   * @param by who asks, for the record of how it ended
   * @throws SandboxException {@code not_found}; {@code wrong_state} for a process that has ended
   */
  public void kill(Sandbox sandbox, KillRequest request, String by) {
    sandbox.exclusively(
        () -> {
          if (request.toAll()) {
            all(sandbox, request.signalOrDefault(), by);
          } else {
            one(sandbox, request.processOrDefault(), request.signalOrDefault(), by);
          }
          return null;
        });
  }

  private void one(Sandbox sandbox, String id, Signal signal, String by) {
    SandboxProcess process = sandbox.process(id);
    process.doom(ExitStatus.Reason.killed, signal.number(), by);
    Fault.KILL_NOTED.here(sandbox);
    if (!process.signal(syscalls, signal.number())) {
      throw SandboxException.wrongState(
          "The process '" + id + "' of sandbox '" + sandbox.name() + "' has ended.");
    }
    Fault.KILL_SENT.here(sandbox);
    if (process.isMain()) {
      thawKilled(sandbox, signal);
    }
  }

  private void all(Sandbox sandbox, Signal signal, String by) {
    sandbox.require(ALIVE, "there is nothing in it to be signalled");
    sandbox.processes().stream()
        .filter(p -> !p.hasEnded())
        .forEach(p -> p.doom(ExitStatus.Reason.killed, signal.number(), by));
    cgroups.of(sandbox.id()).signalAll(signal.number(), sandbox.status().pid());
    thawKilled(sandbox, signal);
  }

  /** What is frozen dies only when it may run (cgroup v1), and its init must run to see it. */
  private void thawKilled(Sandbox sandbox, Signal signal) {
    if (signal.equals(Signal.KILL) && sandbox.state() == SandboxState.PAUSED) {
      cgroups.of(sandbox.id()).thaw();
      PauseSandbox.noteThawed(sandbox);
    }
  }
}
