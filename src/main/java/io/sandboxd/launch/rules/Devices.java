package io.sandboxd.launch.rules;

import io.sandboxd.launch.FdSource;
import io.sandboxd.launch.LaunchRequest;
import io.sandboxd.launch.Mounts;
import io.sandboxd.launch.Op;
import io.sandboxd.launch.Plan;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxSpec.Device;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A {@code /dev} of its own with the usual nodes, which the OCI runtime-spec lists (config-linux,
 * "Default Devices").
 */
public final class Devices {
  private static final List<String> NODES =
      List.of("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty");

  private static final Map<String, String> LINKS =
      Map.of(
          "/dev/fd", "/proc/self/fd",
          "/dev/stdin", "/proc/self/fd/0",
          "/dev/stdout", "/proc/self/fd/1",
          "/dev/stderr", "/proc/self/fd/2",
          "/dev/ptmx", "pts/ptmx");

  private static final long NOSUID_NOEXEC = Syscalls.MOUNT_ATTR_NOSUID | Syscalls.MOUNT_ATTR_NOEXEC;

  private Devices() {}

  public static void dev(LaunchRequest request, Plan.Builder plan) {
    if (!Mounts.ownTree(request)) {
      return;
    }
    // Bound, as a user namespace may not make nodes; copied first, as the new /dev may cover the
    // old.
    Map<String, Long> nodes = new LinkedHashMap<>();
    for (String node : NODES) {
      nodes.put(node, Mounts.copy(plan, node, false));
    }
    // nodev: the nodes are mounts of their own, and no others shall be made here.
    Mounts.mount(
        plan, "/dev", "tmpfs", List.of("mode=755", "size=64m"), Mounts.NOSUID_NODEV_NOEXEC);
    nodes.forEach((node, slot) -> Mounts.attachFile(plan, slot, node));
    chosen(request, plan);
    Mounts.mount(
        plan,
        "/dev/pts",
        "devpts",
        List.of("newinstance", "ptmxmode=0666", "mode=0620"),
        NOSUID_NOEXEC);
    Mounts.mount(
        plan, "/dev/shm", "tmpfs", List.of("mode=1777", "size=64m"), Mounts.NOSUID_NODEV_NOEXEC);
    if (request.mayConfigure(NamespaceType.IPC)) {
      Mounts.mount(plan, "/dev/mqueue", "mqueue", List.of(), Mounts.NOSUID_NODEV_NOEXEC);
    }
    LINKS.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(
            link ->
                plan.step(
                    "link " + link.getKey(),
                    link.getKey(),
                    Op.SYMLINK,
                    Mounts.ROOT_SLOT,
                    link.getValue(),
                    link.getKey()));
  }

  /** No ids are mapped: the file system of the host's nodes cannot. */
  private static void chosen(LaunchRequest request, Plan.Builder plan) {
    List<Device> devices = request.spec().devices() == null ? List.of() : request.spec().devices();
    for (int i = 0; i < devices.size(); i++) {
      Device device = devices.get(i);
      String field = "devices[" + i + "]";
      long node = plan.send(new FdSource.MountTree(field, device.hostPath(), false, false));
      Mounts.attachFile(plan, node, device.path());
    }
  }
}
