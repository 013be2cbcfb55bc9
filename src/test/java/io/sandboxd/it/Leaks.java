package io.sandboxd.it;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.awaitility.core.ConditionTimeoutException;

/**
 * What a daemon must not leave behind. Taken when it has no sandboxes; whenever it has none again,
 * the host must look the same. What it has made ahead is no leak as long as it lives.
 */
public final class Leaks {
  /** Network namespaces and cgroups are taken apart by the kernel when it finds the time. */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private static final Set<String> STATE_FILES =
      Set.of(
          "lock",
          "sandboxes",
          "events",
          "events/current",
          "events/former",
          "audit",
          "audit/current",
          "audit/former",
          "networks",
          "links",
          "blanks");

  private final Daemon daemon;
  private final Set<String> mountsBefore;
  private final Set<String> namespacesBefore;
  private final Map<String, Integer> descriptorsBefore;

  private Leaks(Daemon daemon) {
    this.daemon = daemon;
    this.mountsBefore = mounts();
    this.namespacesBefore = networkNamespaces();
    this.descriptorsBefore = descriptors(daemon.pid());
  }

  /** Remembers what there is now. */
  public static Leaks since(Daemon daemon) {
    return new Leaks(daemon);
  }

  /** Fails if anything is there that was not. */
  public void check() throws IOException {
    try {
      // What vanishes while we look at it is no leak.
      await()
          .ignoreExceptions()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(100))
          .until(() -> found().isEmpty());
    } catch (ConditionTimeoutException e) {
      assertEquals(List.of(), found(), "left behind");
    }
  }

  private List<String> found() throws IOException {
    List<String> found = new ArrayList<>();
    Set<String> blanks = blanks();
    HostCgroups.below(daemon.cgroupRoot()).stream()
        .filter(group -> !blanks.contains(group.getFileName().toString()))
        .forEach(group -> found.add("cgroup " + group));
    processes().forEach(process -> found.add("process " + process));
    Set<String> mounts = mounts();
    mounts.removeAll(mountsBefore);
    mounts.forEach(mount -> found.add("mount " + mount));
    Set<String> namespaces = networkNamespaces();
    namespaces.removeAll(namespacesBefore);
    namespaces.forEach(namespace -> found.add("network namespace " + namespace));
    for (Path file : Directories.content(daemon.stateDirectory())) {
      boolean ofBlank =
          file.startsWith("blanks")
              && file.getNameCount() > 1
              && blanks.contains(file.getName(1).toString());
      if (!STATE_FILES.contains(file.toString()) && !ofBlank) {
        found.add("file " + file + " in the state directory");
      }
    }
    for (Path file : Directories.content(daemon.layerDirectory())) {
      found.add("file " + file + " in the layer directory");
    }
    if (daemon.isAlive()) {
      List<String> admitted =
          daemon.given().get("/v1/system/leaks").jsonPath().getList("leaks.path");
      admitted.forEach(path -> found.add("by the daemon's own account: " + path));
      descriptors(daemon.pid())
          .forEach(
              (kind, count) -> {
                int before = descriptorsBefore.getOrDefault(kind, 0);
                boolean ofBlanks = kind.contains("pidfd") || kind.equals("socket");
                if (count > before + (ofBlanks ? blanks.size() : 0)) {
                  found.add("descriptors of " + kind + ": " + count + ", before " + before);
                }
              });
    }
    return found;
  }

  /** The ids of those that the daemon has; one that does not live has none to have. */
  private Set<String> blanks() throws IOException {
    Set<String> ids = new TreeSet<>();
    Path directory = daemon.stateDirectory().resolve("blanks");
    if (daemon.isAlive() && Files.isDirectory(directory)) {
      try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
        all.forEach(blank -> ids.add(blank.getFileName().toString()));
      }
    }
    return ids;
  }

  private boolean isOfBlank(Path process) throws IOException {
    Set<String> groups = new TreeSet<>();
    blanks().forEach(id -> groups.add(daemon.cgroupRoot() + "/" + id));
    return HostCgroups.lines(process.resolve("cgroup")).stream()
        .anyMatch(line -> groups.contains(line.replaceFirst("^[^:]*:[^:]*:", "")));
  }

  /** Processes in our cgroups, and inits that are in none of them. */
  private Set<String> processes() throws IOException {
    Set<String> found = new TreeSet<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : all) {
        if ((isInOurGroups(process) || isOurChild(process)) && !isOfBlank(process)) {
          found.add(process.getFileName() + " " + HostCgroups.lines(process.resolve("comm")));
        }
      }
    }
    return found;
  }

  /**
   * Also when nobody has asked yet how: an orphan's new parent may take its time
   * (proc_pid_stat(5)).
   */
  static boolean hasEnded(int pid) {
    List<String> stat = HostCgroups.lines(Path.of("/proc/" + pid + "/stat"));
    return stat.isEmpty() || stat.get(0).matches(".*\\) [ZX] .*");
  }

  private boolean isInOurGroups(Path process) {
    return HostCgroups.lines(process.resolve("cgroup")).stream()
        .anyMatch(line -> line.contains(":" + daemon.cgroupRoot() + "/"));
  }

  /** A daemon has no lasting children but inits. */
  private boolean isOurChild(Path process) {
    String parent = "PPid:\t" + daemon.pid();
    return HostCgroups.lines(process.resolve("status")).contains(parent);
  }

  /**
   * Those that processes are in which are in our cgroups, or where the tests are. Whoever is in
   * another cgroup is another's. One that is held by a mount or a descriptor alone is found as
   * such.
   */
  private Set<String> networkNamespaces() {
    List<String> here = HostCgroups.lines(Path.of("/proc/self/cgroup"));
    Set<String> found = new TreeSet<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : all) {
        try {
          String namespace = Files.readSymbolicLink(process.resolve("ns/net")).toString();
          if (isOfBlank(process)) {
            continue;
          }
          if (isInOurGroups(process) || HostCgroups.lines(process.resolve("cgroup")).equals(here)) {
            found.add(namespace);
          }
        } catch (IOException e) {
          // It ended meanwhile, or is a zombie: it is in none any more.
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return found;
  }

  /** Of the daemon, or when it has ended of the host, which is the same mount namespace. */
  private Set<String> mounts() {
    Path table = daemon.isAlive() ? Path.of("/proc/" + daemon.pid()) : Path.of("/proc/self");
    Set<String> mounts = new TreeSet<>();
    for (String line : HostCgroups.lines(table.resolve("mountinfo"))) {
      // Without the ids, which differ from one mount namespace to the next.
      mounts.add(line.split(" ", 4)[3]);
    }
    return mounts;
  }

  /** How many open files it has of each kind. */
  private static Map<String, Integer> descriptors(long pid) {
    Map<String, Integer> kinds = new TreeMap<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/" + pid + "/fd"))) {
      for (Path descriptor : all) {
        kind(descriptor).forEach(kind -> kinds.merge(kind, 1, Integer::sum));
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return kinds;
  }

  private static List<String> kind(Path descriptor) {
    try {
      String target = Files.readSymbolicLink(descriptor).toString();
      // The class loader opens jars when it first needs them; programs that guard devices are
      // shared.
      return target.endsWith(".jar")
              || target.endsWith("/modules")
              || target.equals("anon_inode:bpf-prog")
          ? List.of()
          : List.of(target.replaceFirst(":\\[\\d+\\]$", "").replaceFirst("/proc/\\d+", "/proc/N"));
    } catch (IOException e) {
      return List.of();
    }
  }
}
