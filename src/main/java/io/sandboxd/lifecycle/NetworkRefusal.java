package io.sandboxd.lifecycle;

import io.sandboxd.linux.ErrnoException;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;

/** How the kernel's refusals in matters of networks are told. */
final class NetworkRefusal {
  private NetworkRefusal() {}

  /**
   * @param step what was to be done, as in {@code launch_failed} elsewhere
   */
  static SandboxException of(String step, ErrnoException e) {
    return new SandboxException(
            ErrorCode.LAUNCH_FAILED, "The kernel refused to " + step + ": " + e.getMessage(), e)
        .with("step", step)
        .with("syscall", e.syscall())
        .with("path", e.path())
        .with("errno", e.errno())
        .with("errnoName", e.errnoName());
  }
}
