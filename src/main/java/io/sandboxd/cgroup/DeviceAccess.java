package io.sandboxd.cgroup;

import io.sandboxd.linux.ErrnoException;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import java.util.List;

/** What of the host's devices the processes of a group may use. The state is the kernel's. */
public final class DeviceAccess {
  private final DeviceGuard guard;
  private final String id;

  /**
   * @param guard null on a host that has none
   */
  DeviceAccess(DeviceGuard guard, String id) {
    this.guard = guard;
    this.id = id;
  }

  /**
   * Lets them use these and no others. On a host that cannot do that it does nothing: see {@link
   * Cgroups#deviceGuard}.
   *
   * @throws SandboxException {@code launch_failed} when the kernel refuses
   */
  public void allowOnly(List<DeviceRule> rules) {
    if (guard == null) {
      return;
    }
    try {
      guard.allowOnly(guard.hierarchy().group(id), rules);
    } catch (ErrnoException e) {
      String reason = "the sandbox's devices cannot be limited: " + e.getMessage();
      throw Limits.refusal(ErrorCode.LAUNCH_FAILED, "devices", reason, e);
    }
  }

  /**
   * Those that the kernel lets them use; see {@link DeviceRule#text}.
   *
   * @param wanted what {@link #allowOnly} was told; null for nothing
   */
  public List<String> allowed(List<DeviceRule> wanted) {
    return guard == null
        ? List.of(DeviceRule.EVERYTHING)
        : guard.allowed(guard.hierarchy().group(id), wanted);
  }
}
