package io.sandboxd.sandbox;

import jakarta.validation.constraints.Pattern;

/**
 * A signal for one process or for all of a sandbox.
 *
 * @param signal default KILL
 * @param process a process's id; default {@code main}; not together with {@code all}
 * @param all every process of the sandbox; default false
 */
public record KillRequest(
    Signal signal,
    @Pattern(regexp = SandboxSpec.NAME, message = SandboxSpec.NAME_RULE) String process,
    Boolean all) {
  public Signal signalOrDefault() {
    return signal == null ? Signal.KILL : signal;
  }

  public String processOrDefault() {
    return process == null ? ProcessStatus.MAIN : process;
  }

  public boolean toAll() {
    return Boolean.TRUE.equals(all);
  }
}
