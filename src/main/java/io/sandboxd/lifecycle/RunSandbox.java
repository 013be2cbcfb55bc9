package io.sandboxd.lifecycle;

import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;

/** Runs one command in a sandbox of its own, which goes with the request. */
public final class RunSandbox {
  /** So many may be on their way out without being counted: who comes then removes his own. */
  private static final int MOST_LEAVING = 8;

  private static final String BY = "run";

  private final SandboxRegistry registry;
  private final LaunchSandbox launch;
  private final ExpireSandboxes expire;
  private final Executor chores;
  private final Semaphore places = new Semaphore(MOST_LEAVING);
  private volatile boolean closed;

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
   * @throws SandboxException as {@link CreateSandbox} and {@link StartSandbox}, with nothing left;
   *     {@code busy} when the daemon ends
   */
  public SandboxProcess run(SandboxSpec spec, long head, Caller caller, StageTimes times) {
    requireOpen();
    Sandbox sandbox = launch.launchEphemeral(spec, head, caller, times);
    if (closed) {
      expire.delete(sandbox, BY);
      requireOpen();
    }
    return sandbox.main().orElseThrow();
  }

  private void requireOpen() {
    if (closed) {
      throw new SandboxException(ErrorCode.BUSY, "The daemon is ending: ask the next one.");
    }
  }

  /**
   * The client has what it wants, and is about to be told. What it has chosen itself, a name or an
   * address, is free when this returns; of anything else it cannot know, so nothing has to be
   * waited for.
   */
  public void finish(Sandbox sandbox) {
    SandboxSpec spec = sandbox.status().spec();
    boolean chosen = spec.name() != null || spec.network() != null;
    if (!chosen && places.tryAcquire()) {
      sandbox.leave(true);
    } else {
      expire.delete(sandbox, BY);
    }
  }

  /** The request is over: the sandbox is removed by and by, with whatever may still run in it. */
  public void end(Sandbox sandbox) {
    if (registry.has(sandbox)) {
      chores.execute(() -> remove(sandbox));
    }
  }

  private void remove(Sandbox sandbox) {
    try {
      expire.delete(sandbox, BY);
    } finally {
      if (sandbox.leave(false)) {
        places.release();
      }
    }
  }

  /** Nobody can be answered any more. */
  public void close() {
    closed = true;
    registry.all().stream().filter(Sandbox::isEphemeral).forEach(s -> expire.delete(s, BY));
  }
}
