package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** Runs one command in a sandbox of its own, which goes with the request. */
public final class RunSandbox {
  /** So many may be on their way out without being counted: who comes then removes his own. */
  private static final int MOST_LEAVING = 8;

  private static final String BY = "run";

  /** For the end of all, together. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final SandboxRegistry registry;
  private final LaunchSandbox launch;
  private final ExpireSandboxes expire;
  private final Cgroups cgroups;
  private final Executor chores;
  private volatile boolean closed;

  public RunSandbox(
      SandboxRegistry registry,
      LaunchSandbox launch,
      ExpireSandboxes expire,
      Cgroups cgroups,
      Executor chores) {
    this.registry = registry;
    this.launch = launch;
    this.expire = expire;
    this.cgroups = cgroups;
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
   * address, is free when this returns, and nothing of it runs any more, which could write to what
   * the client shares with it; for the rest nobody has to wait.
   */
  public void finish(Sandbox sandbox) {
    SandboxSpec spec = sandbox.status().spec();
    boolean chosen = spec.name() != null || spec.network() != null;
    if (chosen || !isEmpty(sandbox) || !registry.leave(sandbox, MOST_LEAVING)) {
      expire.delete(sandbox, BY);
    }
  }

  /** Whether all but its init have ended. */
  private boolean isEmpty(Sandbox sandbox) {
    try {
      return cgroups.of(sandbox.id()).figures().population() <= 1;
    } catch (ErrnoException e) {
      return false;
    }
  }

  /** The request is over: the sandbox is removed by and by, with whatever may still run in it. */
  public void end(Sandbox sandbox) {
    if (registry.has(sandbox)) {
      chores.execute(() -> expire.delete(sandbox, BY));
    }
  }

  /**
   * Nobody can be answered any more. What takes too long is left to the next daemon, for which each
   * is one that was never made.
   */
  public void close() {
    closed = true;
    CompletableFuture<?>[] deletions =
        registry.all().stream()
            .filter(Sandbox::isEphemeral)
            .map(s -> CompletableFuture.runAsync(() -> expire.delete(s, BY), chores))
            .toArray(CompletableFuture<?>[]::new);
    CompletableFuture.allOf(deletions)
        .completeOnTimeout(null, PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
        .join();
  }
}
