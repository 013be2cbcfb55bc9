package io.sandboxd.cgroup;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Cgroup file systems in a directory, as far as their kernel's behaviour matters: new groups come
 * with files, groups in use are not removed, freezing is answered in another file, and some writes
 * are refused.
 */
final class FakeKernel implements ControlFiles {
  private static final int MOST_WAITS = 20;

  private final Path base;
  private final List<String> mountinfo = new ArrayList<>();
  private final Map<Path, Set<String>> mounts = new LinkedHashMap<>();
  private final Map<String, Integer> refusals = new HashMap<>();
  private final FakeGroupFiles groupFiles = new FakeGroupFiles();
  private final FakeNesting nesting = new FakeNesting(this);

  final FakeProcesses processes = new FakeProcesses();

  /** Each write as {@code path below the base=text}, in order. */
  final List<String> writes = new ArrayList<>();

  /** Each signal as {@code pid:signo:frozen|running}. */
  final List<String> signals = new ArrayList<>();

  /** What happens elsewhere while the daemon waits. */
  Runnable whileWaiting = () -> {};

  /** Whether processes stop when told to. */
  boolean freezes = true;

  FakeKernel(Path base) {
    this.base = base;
  }

  static FakeKernel unified(Path base) {
    return new FakeKernel(base).mountUnified("cgroup", "cpuset cpu io memory hugetlb pids rdma");
  }

  static FakeKernel legacy(Path base) {
    return new FakeKernel(base)
        .mountLegacy("cpu,cpuacct", "rw,cpu,cpuacct")
        .mountLegacy("cpuset", "rw,cpuset")
        .mountLegacy("memory", "rw,memory")
        .mountLegacy("pids", "rw,pids")
        .mountLegacy("blkio", "rw,blkio")
        .mountLegacy("freezer", "rw,freezer")
        .mountLegacy("devices", "rw,devices")
        .mountLegacy("systemd", "rw,xattr,name=systemd");
  }

  static FakeKernel hybrid(Path base) {
    return legacy(base).mountUnified("unified", "hugetlb");
  }

  FakeKernel mountUnified(String name, String controllers) {
    Path top = mount(name, Set.of());
    put(top.resolve("cgroup.procs"), "1\n");
    put(top.resolve("cgroup.controllers"), controllers + "\n");
    put(top.resolve("cgroup.subtree_control"), "\n");
    mountinfo.add(
        "41 31 0:38 / %s rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate".formatted(top));
    return this;
  }

  FakeKernel mountLegacy(String name, String options) {
    Path top = mount(name, new TreeSet<>(List.of(options.split(","))));
    groupFiles.populateLegacy(top, mounts.get(top));
    if (options.contains("cpuset")) {
      put(top.resolve("cpuset.cpus"), "0-1\n");
      put(top.resolve("cpuset.mems"), "0\n");
    }
    mountinfo.add("32 31 0:29 / %s rw,relatime - cgroup cgroup %s".formatted(top, options));
    return this;
  }

  private Path mount(String name, Set<String> controllers) {
    Path top = base.resolve(name);
    makeRealDirectory(top);
    mounts.put(top, controllers);
    return top;
  }

  /** A kernel that lacks a file. */
  FakeKernel without(String file) {
    groupFiles.leaveOut(file);
    return this;
  }

  /** The next write to such a file fails. */
  void refuse(String file, int errno) {
    refusals.put(file, errno);
  }

  Path mountinfo() {
    Path file = base.resolve("mountinfo");
    put(file, String.join("\n", mountinfo) + "\n");
    return file;
  }

  Cgroups cgroups() {
    BlockDevices devices =
        new BlockDevices(
            this,
            base.resolve("sys"),
            path -> Map.of("/dev/vda", "254:0", "/dev/sda", "8:0", "/dev/sda1", "8:1").get(path));
    makeRealDirectory(base.resolve("sys/8:1"));
    put(base.resolve("sys/8:1/partition"), "1\n");
    return new Cgroups(mountinfo(), "/sandboxd", this, this::signal, devices, null);
  }

  void scheduler(String numbers, String text) {
    makeRealDirectory(base.resolve("sys/" + numbers + "/queue"));
    put(base.resolve("sys/" + numbers + "/queue/scheduler"), text);
  }

  private void signal(int pid, int signo) {
    boolean frozen =
        get("cgroup/sandboxd/a/cgroup.events").contains("frozen 1")
            || get("freezer/sandboxd/a/freezer.state").equals("FROZEN\n");
    signals.add(pid + ":" + signo + ":" + (frozen ? "frozen" : "running"));
  }

  String get(String file) {
    return read(base.resolve(file)).orElse("");
  }

  void put(String file, String text) {
    put(base.resolve(file), text);
  }

  boolean has(String path) {
    return Files.exists(base.resolve(path));
  }

  private static void put(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void makeRealDirectory(Path directory) {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Optional<String> read(Path file) {
    try {
      return Optional.of(Files.readString(file));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  @Override
  public synchronized void write(Path file, String text) {
    String name = file.getFileName().toString();
    Integer errno = refusals.remove(name);
    if (errno != null) {
      throw new ErrnoException("write", file.toString(), errno);
    }
    if (!Files.exists(file)) {
      throw new ErrnoException("open", file.toString(), Errno.ENOENT);
    }
    writes.add(base.relativize(file) + "=" + text);
    switch (name) {
      case "cgroup.subtree_control" -> enable(file, ControlText.words(text));
      case "cgroup.procs" -> processes.enter(topOf(file), file.getParent(), Integer.parseInt(text));
      case "cgroup.freeze" -> {
        put(file, text);
        if (freezes || text.equals("0")) {
          put(file.resolveSibling("cgroup.events"), "populated 1\nfrozen " + text + "\n");
        }
      }
      case "freezer.state" -> {
        boolean freeze = text.equals("FROZEN");
        put(file, freezes || !freeze ? text + "\n" : "FREEZING\n");
        put(file.resolveSibling("freezer.self_freezing"), freeze ? "1\n" : "0\n");
      }
      case "cpuset.cpus" -> {
        if (text.isBlank()) {
          throw new ErrnoException("write", file.toString(), Errno.ENOSPC);
        }
        if (!mounts.get(topOf(file)).isEmpty()) {
          nesting.checkCpus(file, text);
        }
        put(file, text + "\n");
      }
      case "cpu.cfs_quota_us" -> {
        nesting.checkQuota(file, text);
        put(file, text + "\n");
      }
      case "memory.limit_in_bytes", "memory.memsw.limit_in_bytes" -> writeMemory(file, name, text);
      case "io.max" -> putLine(file, text, " rbps=max wbps=max riops=max wiops=max");
      case "blkio.bfq.weight_device", "io.weight", "io.bfq.weight" ->
          putLine(file, text, " default");
      default -> {
        if (name.startsWith("blkio.throttle.")) {
          putLine(file, text, " 0");
        } else {
          put(file, text + "\n");
        }
      }
    }
  }

  /** The groups below get the controllers and their files at once. */
  private void enable(Path file, List<String> words) {
    Path group = file.getParent();
    if (!mounts.containsKey(group) && FakeProcesses.liveIn(group)) {
      throw new ErrnoException("write", file.toString(), Errno.EBUSY);
    }
    for (String word : words) {
      String controller = word.substring(1);
      if (!ControlText.words(read(group.resolve("cgroup.controllers")).orElse(""))
          .contains(controller)) {
        throw new ErrnoException("write", file.toString(), Errno.ENOENT);
      }
      String enabled = (read(file).orElse("") + " " + controller).strip();
      put(file, enabled);
      for (Path below : directories(group)) {
        put(below.resolve("cgroup.controllers"), enabled);
        groupFiles.populateUnified(below, controller);
      }
    }
  }

  private Path topOf(Path file) {
    return mounts.keySet().stream().filter(file::startsWith).findFirst().orElseThrow();
  }

  private void writeMemory(Path file, String name, String text) {
    boolean withSwap = name.contains("memsw");
    Path other =
        file.resolveSibling(withSwap ? "memory.limit_in_bytes" : "memory.memsw.limit_in_bytes");
    Long otherLimit = read(other).map(ControlText::number).orElse(null);
    put(file, FakeLimits.memory(file.toString(), otherLimit, text));
  }

  private void putLine(Path file, String text, String nothing) {
    put(file, FakeLimits.line(read(file).orElse(""), text, nothing));
  }

  @Override
  public boolean exists(Path path) {
    return Files.exists(path);
  }

  @Override
  public synchronized void makeDirectory(Path directory) {
    Integer errno = refusals.remove("mkdir");
    if (errno != null) {
      throw new ErrnoException("mkdir", directory.toString(), errno);
    }
    try {
      Files.createDirectory(directory);
    } catch (FileAlreadyExistsException e) {
      throw new ErrnoException("mkdir", directory.toString(), Errno.EEXIST);
    } catch (NoSuchFileException e) {
      throw new ErrnoException("mkdir", directory.toString(), Errno.ENOENT);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    mounts.forEach(
        (top, controllers) -> {
          if (directory.startsWith(top)) {
            groupFiles.populate(directory, controllers);
          }
        });
  }

  @Override
  public synchronized void removeDirectory(Path directory) {
    if (!Files.exists(directory)) {
      throw new ErrnoException("rmdir", directory.toString(), Errno.ENOENT);
    }
    if (FakeProcesses.liveIn(directory) || !directories(directory).isEmpty()) {
      throw new ErrnoException("rmdir", directory.toString(), Errno.EBUSY);
    }
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public List<Path> directories(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(Files::isDirectory).sorted().toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  @Override
  public boolean await(BooleanSupplier condition, Path events, Duration limit) {
    for (int i = 0; i < MOST_WAITS; i++) {
      if (condition.getAsBoolean()) {
        return true;
      }
      whileWaiting.run();
    }
    return false;
  }
}
