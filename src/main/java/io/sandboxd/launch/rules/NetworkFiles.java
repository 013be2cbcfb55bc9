package io.sandboxd.launch.rules;

import io.sandboxd.launch.FdSource;
import io.sandboxd.launch.LaunchRequest;
import io.sandboxd.launch.LaunchRequest.OwnFile;
import io.sandboxd.launch.Mounts;
import io.sandboxd.launch.Op;
import io.sandboxd.launch.Plan;
import io.sandboxd.linux.Syscalls;

/** Files of the daemon's that tell a sandbox of its networks, over those that are there. */
public final class NetworkFiles {
  private static final String PRIVATE = "/run/";

  private NetworkFiles() {}

  public static void all(LaunchRequest request, Plan.Builder plan) {
    for (OwnFile file : request.ownFiles()) {
      long slot = plan.send(new FdSource.OwnFile(file.source()));
      plan.step(
          "set mount options " + file.destination(),
          file.destination(),
          Op.MOUNT_SETATTR,
          slot,
          "",
          Syscalls.AT_EMPTY_PATH,
          Mounts.NOSUID_NODEV_NOEXEC | Syscalls.MOUNT_ATTR_RDONLY,
          0,
          0);
      if (file.destination().startsWith(PRIVATE)) {
        String parent = file.destination().substring(0, file.destination().lastIndexOf('/'));
        plan.step("make directory " + parent, parent, Op.MAKE_DIRS, Mounts.ROOT_SLOT, parent, 0755);
      }
      Mounts.attachFile(plan, slot, file.destination());
    }
  }
}
