package io.sandboxd.registry;

import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.SandboxStatus;

/**
 * Hears of every change when it is on file, in the order in which they happen. To keep that order
 * it is called with the sandbox or process locked: it must be quick, and touch neither.
 */
public interface StateListener {
  /** Something of the sandbox is another than before; be it the same state. */
  void changed(SandboxStatus before, SandboxStatus after);

  /** Nothing is left of it. */
  void removed(SandboxStatus last);

  /** Once for each process, before its end. */
  void started(SandboxStatus sandbox, ProcessStatus process);

  /** Once for each process that was started. */
  void ended(SandboxStatus sandbox, ProcessStatus process);
}
