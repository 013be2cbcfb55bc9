package io.sandboxd.cgroup;

import io.sandboxd.linux.ErrnoException;
import java.util.List;

/** How this host keeps the processes of a group from devices. */
interface DeviceGuard {
  /** {@code bpf} or {@code devices}, the v1 controller. */
  String name();

  /** In which of the sandbox's groups. */
  Hierarchy hierarchy();

  /**
   * Lets a group, and all below it, use these devices and no others.
   *
   * @throws ErrnoException what the kernel refused
   */
  void allowOnly(GroupDirectory group, List<DeviceRule> rules);

  /**
   * What the kernel lets the group use, in the words of {@link DeviceRule#text}; {@code "a *:*
   * rwm"} for everything.
   *
   * @param wanted what it was told: a program's meaning cannot be read back, only whether it is the
   *     one that was made of that
   */
  List<String> allowed(GroupDirectory group, List<DeviceRule> wanted);
}
