package io.sandboxd.lifecycle;

import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxState;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/** Runs one command in a sandbox of its own, which goes with the request. */
public final class RunSandbox {
  /** So many may be on their way out: who comes then removes his own. */
  private static final int MOST_LEAVING = 8;

  private static final String BY = "run";

  private final SandboxRegistry registry;
  private final LaunchSandbox launch;
  private final ExpireSandboxes expire;
  private final Executor chores;
  private final Set<String> leaving = ConcurrentHashMap.newKeySet();

  public RunSandbox(
      SandboxRegistry registry, LaunchSandbox launch, ExpireSandboxes expire, Executor chores) {
    this.registry = registry;
    this.launch = launch;
    this.expire = expire;
    this.chores = chores;
  }

  /**
   * Back when the command runs (or has ended already); {@link #end} has to follow.
   *
   * @param spec validated, with a process
   * @param head bytes of what it writes that are to be kept at the beginning
   * @return the main process
   * @throws SandboxException as {@link CreateSandbox} and {@link StartSandbox}, with nothing left
   */
  public SandboxProcess run(SandboxSpec spec, long head, Caller caller, StageTimes times) {
    return launch.launchEphemeral(spec, head, caller, times).main().orElseThrow();
  }

  /**
   * The client has what it wants, and is about to be told. A name that it has chosen is free when
   * this returns; of any other it cannot know, so nothing has to be waited for.
   */
  public void finish(Sandbox sandbox) {
    boolean named = sandbox.status().spec().name() != null;
    if (named || leaving.size() >= MOST_LEAVING) {
      expire.delete(sandbox, BY);
    } else {
      // From now on it is no longer one of those that a user may have.
      sandbox.updateIf(
          EnumSet.complementOf(EnumSet.of(SandboxState.DELETING)),
          s -> s.withState(SandboxState.DELETING));
    }
  }

  /** The request is over: the sandbox is removed by and by, with whatever may still run in it. */
  public void end(Sandbox sandbox) {
    if (leaving.add(sandbox.id())) {
      chores.execute(
          () -> {
            expire.delete(sandbox, BY);
            leaving.remove(sandbox.id());
          });
    }
  }

  /** Nobody can be answered any more. */
  public void close() {
    registry.all().stream().filter(Sandbox::isEphemeral).forEach(s -> expire.delete(s, BY));
  }
}
