package io.sandboxd.lifecycle;

import io.sandboxd.registry.Sandbox;
import io.sandboxd.sandbox.SandboxException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Deletes sandboxes whose {@code ttl} is over. */
public final class ExpireSandboxes {
  private static final Logger LOG = Logger.getLogger(ExpireSandboxes.class);

  private final ScheduledExecutorService timer;
  private final Executor chores;
  private final DeleteSandbox delete;

  public ExpireSandboxes(ScheduledExecutorService timer, Executor chores, DeleteSandbox delete) {
    this.timer = timer;
    this.chores = chores;
    this.delete = delete;
  }

  /**
   * Looks again when the time has come: it may have been changed, or the sandbox be gone, by then.
   */
  public void watch(Sandbox sandbox) {
    Instant end = sandbox.status().expiresAt();
    if (end != null) {
      long delay = Math.max(0, Duration.between(Instant.now(), end).toMillis());
      var unused =
          timer.schedule(() -> chores.execute(() -> expire(sandbox)), delay, TimeUnit.MILLISECONDS);
    }
  }

  private void expire(Sandbox sandbox) {
    Instant end = sandbox.status().expiresAt();
    if (end == null || end.isAfter(Instant.now())) {
      return;
    }
    try {
      delete.delete(sandbox.id(), true, "ttl");
      LOG.infof("Sandbox %s was deleted, its time to live was over.", sandbox.name());
    } catch (SandboxException e) {
      LOG.debugf("Sandbox %s is gone already: %s", sandbox.name(), e.getMessage());
    }
  }
}
