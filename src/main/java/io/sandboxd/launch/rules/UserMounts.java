package io.sandboxd.launch.rules;

import io.sandboxd.launch.FdSource;
import io.sandboxd.launch.LaunchRequest;
import io.sandboxd.launch.Mounts;
import io.sandboxd.launch.Op;
import io.sandboxd.launch.Plan;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.MountType;
import io.sandboxd.sandbox.SandboxSpec.Mount;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The mounts that the client asked for, in its order. */
public final class UserMounts {
  private static final long MOUNT_ATTR_RELATIME = 0;
  private static final long MOUNT_ATTR_NODIRATIME = 0x80;
  private static final long MOUNT_ATTR_NOSYMFOLLOW = 0x200000;

  /** The options of mount(8) that are flags of a mount; all others are the file system's own. */
  private static final Map<String, Long> ATTRIBUTES =
      Map.ofEntries(
          Map.entry("ro", Syscalls.MOUNT_ATTR_RDONLY),
          Map.entry("nosuid", Syscalls.MOUNT_ATTR_NOSUID),
          Map.entry("nodev", Syscalls.MOUNT_ATTR_NODEV),
          Map.entry("noexec", Syscalls.MOUNT_ATTR_NOEXEC),
          Map.entry("noatime", Syscalls.MOUNT_ATTR_NOATIME),
          Map.entry("nodiratime", MOUNT_ATTR_NODIRATIME),
          Map.entry("relatime", MOUNT_ATTR_RELATIME),
          Map.entry("nosymfollow", MOUNT_ATTR_NOSYMFOLLOW),
          Map.entry("rw", 0L),
          Map.entry("suid", 0L),
          Map.entry("dev", 0L),
          Map.entry("exec", 0L));

  private static final List<String> BIND_WORDS = List.of("bind", "rbind", "idmap", "noidmap");

  private UserMounts() {}

  public static void all(LaunchRequest request, Plan.Builder plan) {
    List<Mount> mounts = request.spec().mounts() == null ? List.of() : request.spec().mounts();
    for (int i = 0; i < mounts.size(); i++) {
      Mount mount = mounts.get(i);
      long attributes = 0;
      List<String> options = new ArrayList<>();
      for (String option : mount.options() == null ? List.<String>of() : mount.options()) {
        Long attribute = ATTRIBUTES.get(option);
        if (attribute != null) {
          attributes |= attribute;
        } else {
          options.add(option);
        }
      }
      if (mount.source() != null) {
        bind(request, plan, mount, "mounts[" + i + "].source", options, attributes);
      } else {
        if (MountType.CGROUP2.word().equals(mount.type())) {
          options.addAll(request.cgroup2Options());
        }
        Mounts.mount(plan, mount.destination(), mount.type(), options, attributes);
      }
    }
  }

  private static void bind(
      LaunchRequest request,
      Plan.Builder plan,
      Mount mount,
      String field,
      List<String> options,
      long attributes) {
    List<String> unknown = options.stream().filter(o -> !BIND_WORDS.contains(o)).toList();
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException("not an option of a bind mount: " + unknown);
    }
    boolean recursive = options.contains("rbind");
    boolean idmapped = request.inUserNamespace() && !options.contains("noidmap");
    long slot = plan.send(new FdSource.MountTree(field, mount.source(), recursive, idmapped));
    if (attributes != 0) {
      plan.step(
          "set mount options " + mount.destination(),
          mount.destination(),
          Op.MOUNT_SETATTR,
          slot,
          "",
          Syscalls.AT_EMPTY_PATH | (recursive ? Syscalls.AT_RECURSIVE : 0),
          attributes,
          0,
          0);
    }
    if (request.fileSources().contains(mount.source())) {
      Mounts.attachFile(plan, slot, mount.destination());
    } else {
      Mounts.attachDirectory(plan, slot, mount.destination());
    }
  }
}
