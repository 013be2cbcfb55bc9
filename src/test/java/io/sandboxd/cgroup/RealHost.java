package io.sandboxd.cgroup;

import io.sandboxd.linux.Libc;
import io.sandboxd.linux.Syscalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** This machine's control groups, below a root of this JVM's own that goes with {@link #close}. */
final class RealHost implements AutoCloseable {
  static final Syscalls LIBC = new Libc();
  private static final Path MOUNTINFO = Path.of("/proc/self/mountinfo");

  final Cgroups cgroups;
  private final Path mountinfo;
  private final String root;
  private final List<Path> mountPoints;

  private RealHost(Path mountinfo, String name) throws IOException {
    this.mountinfo = mountinfo;
    this.root = "/sandboxd-test-" + ProcessHandle.current().pid() + "-" + name;
    this.mountPoints =
        CgroupMounts.parse(Files.readString(mountinfo)).stream()
            .map(m -> Path.of(m.point()))
            .toList();
    this.cgroups = Cgroups.detect(mountinfo, root, LIBC);
  }

  /**
   * The host as it is, and, where it is a hybrid one, the same without its cgroup2: a v1 host.
   *
   * @param scratch for a mountinfo that says so
   */
  static List<RealHost> all(Path scratch) throws IOException {
    List<RealHost> hosts = new ArrayList<>();
    hosts.add(new RealHost(MOUNTINFO, "as-it-is"));
    if (hosts.get(0).cgroups.mode().equals("hybrid")) {
      Path legacy = scratch.resolve("mountinfo");
      Files.writeString(
          legacy,
          Files.readAllLines(MOUNTINFO).stream()
              .filter(line -> !line.contains(" - cgroup2 "))
              .collect(Collectors.joining("\n", "", "\n")));
      hosts.add(new RealHost(legacy, "legacy"));
    }
    return hosts;
  }

  boolean hasUnifiedMemory() {
    return cgroups.mode().equals("unified");
  }

  /** What a daemon that is started anew sees. */
  Cgroups again() {
    return Cgroups.detect(mountinfo, root, LIBC);
  }

  void removeGroups() {
    for (String id : cgroups.ids()) {
      Cgroup group = cgroups.of(id);
      group.kill();
      group.remove();
    }
  }

  @Override
  public void close() {
    removeGroups();
    for (Path mount : mountPoints) {
      new GroupDirectory(new KernelFiles(LIBC), mount.resolve(root.substring(1))).tryRemove();
    }
  }

  @Override
  public String toString() {
    return cgroups.mode();
  }
}
