package io.sandboxd.sandbox;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * How a process ended.
 *
 * @param code the exit code, or 128+n for signal n
 * @param signal the signal's name without SIG, e.g. {@code TERM}; null if none
 * @param reason one of {@code exited}, {@code signaled}, {@code oom}, {@code timeout}, {@code
 *     killed}, {@code lost}
 * @param killedBy who asked, for {@code killed}
 * @param sandboxUsage what the whole sandbox had used by then; of its main process only
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ExitStatus(
    int code, String signal, Reason reason, String killedBy, SandboxUsage sandboxUsage) {
  /** Why; the daemon's knowledge goes before the kernel's bare signal. */
  public enum Reason {
    exited,
    signaled,
    oom,
    timeout,
    killed,
    lost
  }

  public ExitStatus(int code, String signal, Reason reason, String killedBy) {
    this(code, signal, reason, killedBy, null);
  }

  public ExitStatus with(SandboxUsage used) {
    return new ExitStatus(code, signal, reason, killedBy, used);
  }
}
