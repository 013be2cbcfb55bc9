package io.sandboxd.lifecycle;

import io.sandboxd.process.TerminalLog;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.SandboxException;

/** Tells a process's terminal how large the user's is. */
public final class ResizeTerminal {
  /** Of the kernel's {@code struct winsize}. */
  private static final int MOST = 65_535;

  private final Streams streams;

  public ResizeTerminal(Streams streams) {
    this.streams = streams;
  }

  /**
   * @param rows 1 to 65535
   * @param columns 1 to 65535
   * @throws SandboxException {@code not_found}; {@code invalid_spec}; {@code wrong_state} for a
   *     process without a terminal
   */
  public void resize(Sandbox sandbox, String name, Integer rows, Integer columns) {
    check("rows", rows);
    check("columns", columns);
    SandboxProcess process = sandbox.process(name);
    TerminalLog terminal = streams.of(process).terminal();
    if (process.hasEnded() && process.status().tty()) {
      throw SandboxException.wrongState("The process '" + name + "' has ended.");
    }
    if (terminal == null) {
      throw SandboxException.wrongState(
          "The process '" + name + "' has no terminal: start it with tty.");
    }
    terminal.resize(rows, columns);
  }

  private static void check(String field, Integer value) {
    if (value == null || value < 1 || value > MOST) {
      throw SandboxException.invalid(field, "must be given: 1 to " + MOST);
    }
  }
}
