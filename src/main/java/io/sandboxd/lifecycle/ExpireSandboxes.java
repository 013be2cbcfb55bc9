package io.sandboxd.lifecycle;

import io.sandboxd.registry.Sandbox;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Deletes sandboxes whose time is over: their {@code ttl}, or that of what they were for. */
public final class ExpireSandboxes {
  private static final Logger LOG = Logger.getLogger(ExpireSandboxes.class);

  /** When not all could be removed. */
  private static final Duration AGAIN = Duration.ofSeconds(10);

  private static final Duration MOMENT = Duration.ofSeconds(1);

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
      after(Duration.between(Instant.now(), end), () -> expire(sandbox));
    }
  }

  private void after(Duration delay, Runnable task) {
    var unused =
        timer.schedule(
            () -> chores.execute(task), Math.max(0, delay.toNanos()), TimeUnit.NANOSECONDS);
  }

  private void expire(Sandbox sandbox) {
    Instant end = sandbox.status().expiresAt();
    if (end == null) {
      return;
    }
    Duration left = Duration.between(Instant.now(), end);
    if (left.compareTo(Duration.ZERO) > 0) {
      // The timer's clock is another one, and may be a moment ahead. If it is more, the end was put
      // off, and is watched for by itself.
      if (left.compareTo(MOMENT) < 0) {
        after(left, () -> expire(sandbox));
      }
      return;
    }
    LOG.infof("Sandbox %s is deleted: its time to live is over.", sandbox.name());
    delete(sandbox, "ttl");
  }

  /**
   * What cannot be removed now is tried again later.
   *
   * @param by for the record of what still ran
   */
  void delete(Sandbox sandbox, String by) {
    try {
      delete.delete(sandbox, true, by);
    } catch (RuntimeException e) {
      if (e instanceof SandboxException told && told.code() == ErrorCode.NOT_FOUND) {
        LOG.debugf("Sandbox %s is gone already: %s", sandbox.name(), e.getMessage());
      } else {
        LOG.warnf("Sandbox %s is to be gone, and is not yet: %s", sandbox.name(), e.getMessage());
        after(AGAIN, () -> delete(sandbox, by));
      }
    }
  }
}
