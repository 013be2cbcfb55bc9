package io.sandboxd.cgroup;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The control groups of this host, found once at start, and those of all sandboxes. They are kept
 * by the kernel alone: what is here holds nothing about any sandbox, and is the same after a
 * restart.
 */
public final class Cgroups {
  private static final Pattern ROOT = Pattern.compile("(/[A-Za-z0-9_:@-][A-Za-z0-9_.:@\\\\-]*)+");

  /** More would hardly ever be held at the same time. */
  private static final int LOCKS = 64;

  private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,127}");

  private final List<CgroupMounts.Mount> mounts;
  private final String root;
  private final ControlFiles files;
  private final ProcessSignal signal;
  private final BlockDevices disks;
  private final Syscalls syscalls;

  /** Each for its share of the sandboxes, so that none has to be made and forgotten with them. */
  private final List<Object> divisionLocks = Stream.generate(Object::new).limit(LOCKS).toList();

  private volatile HostLayout layout;

  Cgroups(
      Path mountinfo,
      String root,
      ControlFiles files,
      ProcessSignal signal,
      BlockDevices disks,
      Syscalls syscalls) {
    if (!ROOT.matcher(root).matches()) {
      throw new IllegalArgumentException(
          "the cgroup root is a path such as /sandboxd, below each hierarchy's mount point, not '"
              + root
              + "'");
    }
    this.mounts = CgroupMounts.parse(files.read(mountinfo).orElse(""));
    if (mounts.isEmpty()) {
      throw new IllegalStateException("no cgroup file system is mounted (says " + mountinfo + ")");
    }
    this.root = root;
    this.files = files;
    this.signal = signal;
    this.disks = disks;
    this.syscalls = syscalls;
    prepare();
  }

  /**
   * Finds the hierarchies and makes our root in each.
   *
   * @param mountinfo /proc/self/mountinfo
   * @param root the directory below each hierarchy's mount point that is ours alone
   * @throws IllegalArgumentException when {@code root} is no such path
   * @throws IllegalStateException when the host has no control groups mounted
   * @throws ErrnoException when they cannot be written to
   */
  public static Cgroups detect(Path mountinfo, String root, Syscalls syscalls) {
    ControlFiles files = new KernelFiles(syscalls);
    return new Cgroups(
        mountinfo, root, files, ProcessSignal.by(syscalls), BlockDevices.ofHost(files), syscalls);
  }

  /**
   * Makes our root in each hierarchy, with the controllers handed down to it. Done by {@link
   * #detect}; again it repairs what was taken away meanwhile.
   */
  public void prepare() {
    layout = new HostLayout(mounts, root, files, disks, syscalls);
  }

  /** Our root in one hierarchy, always the same one on a host. */
  public Path directory() {
    return layout.used().get(0).root().path();
  }

  /** {@code unified}, {@code hybrid} or {@code legacy}. */
  public String mode() {
    return layout.mode();
  }

  /** With what cgroup2 is mounted here, such as {@code nsdelegate}; empty where it is not. */
  public List<String> unifiedOptions() {
    return mounts.get(0).options();
  }

  /**
   * What can be limited here, of {@code memory}, {@code cpu}, {@code cpuset}, {@code pids}, {@code
   * io}.
   */
  public List<String> controllers() {
    return List.copyOf(layout.controllers().keySet());
  }

  /**
   * What keeps sandboxes from devices: {@code bpf}, {@code devices} (of v1), or null for nothing.
   */
  public String deviceGuard() {
    return layout.devices() == null ? null : layout.devices().name();
  }

  /** Those that cannot be used, each with the reason. */
  public Map<String, String> missingControllers() {
    return layout.missing();
  }

  /**
   * Refuses what this host cannot enforce, or what cannot be meant.
   *
   * @throws SandboxException {@code invalid_spec}, naming the field
   */
  public void check(Resources wanted) {
    if (wanted != null) {
      layout.check(wanted);
    }
  }

  /**
   * The same for one process's limits, before {@link Cgroup#createChild}.
   *
   * @throws SandboxException {@code invalid_spec}, naming the field as a process's spec has it:
   *     {@code resources.memory.max}
   */
  public void checkChild(Resources wanted) {
    if (wanted != null) {
      layout.checkChild(wanted);
    }
  }

  /**
   * Makes a sandbox's group, empty and without limits.
   *
   * @throws SandboxException {@code name_in_use} when there is one
   * @throws ErrnoException what mkdir(2) refused; nothing is left then
   */
  public Cgroup create(String id) {
    try {
      return tryCreate(id);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
      prepare();
      return tryCreate(id);
    }
  }

  private Cgroup tryCreate(String id) {
    Cgroup group = group(id, true);
    group.make();
    return group;
  }

  /** What is to be written into one control file. */
  public record Write(Path file, String text) {}

  /**
   * What {@link #create} and {@link Cgroup#apply} would write for a new group, without doing it.
   *
   * @throws SandboxException as {@link #check}
   */
  public List<Write> plan(String id, Resources wanted) {
    Resources all = wanted == null ? Resources.NONE : wanted;
    check(all);
    List<Write> writes = new ArrayList<>();
    for (Controller controller : layout.controllers().values()) {
      Path root = controller.hierarchy().root().path();
      PlannedFiles planned = new PlannedFiles(files, root);
      GroupDirectory group = new GroupDirectory(planned, root.resolve(id));
      controller.prepare(group);
      controller.apply(new Limits(group, true), all);
      writes.addAll(planned.writes());
    }
    return writes;
  }

  /** A sandbox's group, if any of it exists. */
  public Optional<Cgroup> find(String id) {
    Cgroup group = of(id);
    return group.exists() ? Optional.of(group) : Optional.empty();
  }

  /** A sandbox's group, be it there or not. */
  public Cgroup of(String id) {
    return group(id, false);
  }

  private Cgroup group(String id, boolean fresh) {
    Object lock = divisionLocks.get(Math.floorMod(id.hashCode(), LOCKS));
    return new Cgroup(layout, signal, id, path(id), fresh, lock);
  }

  private String path(String id) {
    if (!ID.matcher(id).matches()) {
      throw new IllegalArgumentException("no cgroup can be called '" + id + "'");
    }
    return root + "/" + id;
  }

  /** The names of all groups that exist below our root in any hierarchy, sorted. */
  public List<String> ids() {
    TreeSet<String> ids = new TreeSet<>();
    for (Hierarchy hierarchy : layout.used()) {
      for (Path group : files.directories(hierarchy.root().path())) {
        ids.add(group.getFileName().toString());
      }
    }
    return List.copyOf(ids);
  }
}
