package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.cgroup.DeviceRule;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.MountInfo;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.IdMapping;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.SandboxException;
import java.util.List;
import java.util.function.Supplier;

/** What confines a process of a sandbox, as the kernel tells and not as the spec asked. */
public final class ReadSecurity {
  /** A sandbox may have as many mounts as the kernel allows, 100,000 by default. */
  private static final int MOST_MOUNTS = 1_000;

  /** What is told of a sandbox's init, as long as it has no main process. */
  static final String INIT = "init";

  private static final List<String> SECCOMP_MODES = List.of("disabled", "strict", "filter");

  /** By which sets (capabilities(7)). */
  public record Capabilities(
      List<String> effective,
      List<String> permitted,
      List<String> inheritable,
      List<String> bounding,
      List<String> ambient) {}

  /**
   * @param mode {@code disabled}, {@code strict} or {@code filter} (seccomp(2))
   * @param filters how many; all have to agree
   */
  public record SeccompState(String mode, Integer filters) {}

  /** Lines of uid_map and gid_map; the host's own namespace has one of all ids. */
  public record IdMaps(List<IdMapping> uid, List<IdMapping> gid) {}

  /**
   * @param guard what enforces it: {@code bpf}, {@code devices} (of cgroup v1) or nothing
   * @param allowed as the v1 devices controller writes it; {@code a *:* rwm} is everything
   */
  public record DeviceList(String guard, List<String> allowed) {}

  /** As mountinfo has it: which file system lies where, and how. */
  public record MountPoint(String destination, String type, String source, List<String> options) {}

  /**
   * @param process its id, or {@code init}
   * @param pid on the host
   * @param uid effective, on the host
   * @param gid likewise
   * @param additionalGids likewise
   * @param label that a security module gives it (AppArmor, SELinux); null for none
   * @param mountsOmitted how many more there are than are shown
   */
  public record Security(
      String process,
      int pid,
      long uid,
      long gid,
      List<Long> additionalGids,
      IdMaps idMappings,
      Capabilities capabilities,
      boolean noNewPrivileges,
      SeccompState seccomp,
      String label,
      DeviceList devices,
      List<MountPoint> mounts,
      int mountsOmitted) {}

  private final Syscalls syscalls;
  private final Inits inits;
  private final Cgroups cgroups;
  private final SandboxDevices devices;

  public ReadSecurity(Syscalls syscalls, Inits inits, Cgroups cgroups, SandboxDevices devices) {
    this.syscalls = syscalls;
    this.inits = inits;
    this.cgroups = cgroups;
    this.devices = devices;
  }

  /**
   * @param process an id; null for main, or the sandbox's init while main does not run
   * @throws SandboxException {@code not_found}; {@code wrong_state} when it does not run
   */
  public Security read(Sandbox sandbox, String process) {
    String id = process == null ? mainOrInit(sandbox) : process;
    if (id.equals(INIT)) {
      return whileItIs(
          () -> inits.requireInit(sandbox), () -> read(sandbox, INIT, sandbox.status().pid()));
    }
    SandboxProcess one = sandbox.process(id);
    return whileItIs(() -> requireRunning(one), () -> read(sandbox, id, one.status().pid()));
  }

  /** Before and after, so that the pid was its own all the time. */
  private static Security whileItIs(Runnable require, Supplier<Security> read) {
    require.run();
    Security found;
    try {
      found = read.get();
    } catch (ErrnoException e) {
      require.run(); // or that is why
      throw e;
    }
    require.run();
    return found;
  }

  private static String mainOrInit(Sandbox sandbox) {
    return sandbox.main().filter(main -> !main.isOver()).isPresent() ? ProcessStatus.MAIN : INIT;
  }

  private void requireRunning(SandboxProcess process) {
    if (process.status().pid() == null || !process.signal(syscalls, 0)) {
      throw SandboxException.wrongState(
          "The process '"
              + process.status().id()
              + "' does not run: nothing confines it any more.");
    }
  }

  private Security read(Sandbox sandbox, String process, int pid) {
    ProcFiles files = new ProcFiles(pid);
    ProcFiles.Status status = files.status();
    List<MountInfo> mounts = files.mounts();
    return new Security(
        process,
        pid,
        status.number("Uid", 1),
        status.number("Gid", 1),
        status.numbers("Groups"),
        new IdMaps(files.map("uid_map"), files.map("gid_map")),
        new Capabilities(
            status.capabilities("CapEff"),
            status.capabilities("CapPrm"),
            status.capabilities("CapInh"),
            status.capabilities("CapBnd"),
            status.capabilities("CapAmb")),
        status.number("NoNewPrivs", 0) == 1,
        seccomp(status),
        files.label(),
        new DeviceList(cgroups.deviceGuard(), allowedDevices(sandbox)),
        mounts.stream().limit(MOST_MOUNTS).map(ReadSecurity::shown).toList(),
        Math.max(0, mounts.size() - MOST_MOUNTS));
  }

  private static SeccompState seccomp(ProcFiles.Status status) {
    int mode = (int) status.number("Seccomp", 0);
    // Linux 5.9 and later count them.
    Integer filters =
        status.has("Seccomp_filters") ? (int) status.number("Seccomp_filters", 0) : null;
    return new SeccompState(SECCOMP_MODES.get(mode), filters);
  }

  private List<String> allowedDevices(Sandbox sandbox) {
    List<DeviceRule> wanted;
    try {
      wanted = devices.rules(sandbox.status().spec());
    } catch (SandboxException e) {
      wanted = null; // a device that was unplugged meanwhile
    }
    return cgroups.of(sandbox.id()).devices().allowed(wanted);
  }

  private static MountPoint shown(MountInfo mount) {
    return new MountPoint(mount.point(), mount.type(), mount.source(), mount.options());
  }
}
