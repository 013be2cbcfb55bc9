package io.sandboxd.lifecycle;

import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.ExecRequest;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import java.util.EnumSet;

/** Runs one more process in a living sandbox. */
public final class ExecProcess {
  private final SandboxRegistry registry;
  private final LaunchProcess launch;

  public ExecProcess(SandboxRegistry registry, LaunchProcess launch) {
    this.registry = registry;
    this.launch = launch;
  }

  /**
   * Back when the process runs (or has ended already).
   *
   * @throws SandboxException {@code not_found}, {@code wrong_state}, {@code name_in_use}, {@code
   *     launch_failed}
   */
  public SandboxProcess exec(String name, ExecRequest request) {
    Sandbox sandbox = registry.get(name);
    return sandbox.exclusively(
        () -> {
          sandbox.require(
              EnumSet.of(SandboxState.CREATED, SandboxState.RUNNING),
              "processes can be run only in one that is created or running");
          ProcessSpec main = sandbox.status().spec().process();
          ProcessSpec spec = ResolveProcess.beside(main, request.process());
          return launch.launch(sandbox, request.id(), spec, request.inputBytes());
        });
  }
}
