package io.sandboxd.it;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The cgroups of this host as its files show them. */
final class HostCgroups {
  private static final int MOUNT_POINT = 4;

  private HostCgroups() {}

  /** Where each hierarchy is mounted. */
  static List<Path> hierarchies() {
    List<Path> mounts = new ArrayList<>();
    for (String line : lines(Path.of("/proc/self/mountinfo"))) {
      String type = line.substring(line.indexOf(" - ") + 3).split(" ")[0];
      if (type.equals("cgroup") || type.equals("cgroup2")) {
        mounts.add(Path.of(line.split(" ")[MOUNT_POINT]));
      }
    }
    return mounts;
  }

  /** All groups below a root, in every hierarchy, the root itself not counted; deepest first. */
  static List<Path> below(String root) {
    List<Path> groups = new ArrayList<>();
    for (Path hierarchy : hierarchies()) {
      Path top = hierarchy.resolve(root.substring(1));
      if (Files.isDirectory(top)) {
        try (Stream<Path> tree = Files.find(top, 32, (path, info) -> info.isDirectory())) {
          tree.filter(path -> !path.equals(top))
              .sorted(Comparator.reverseOrder())
              .forEach(groups::add);
        } catch (IOException | UncheckedIOException e) {
          // Groups come and go while we look.
          return below(root);
        }
      }
    }
    return groups;
  }

  /** Kills all that runs below a root, and removes it. */
  static void remove(String root) {
    await("removal of the cgroups below " + root)
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(50))
        .until(() -> tryRemove(root));
  }

  private static boolean tryRemove(String root) {
    List<Path> groups = new ArrayList<>(below(root));
    hierarchies().forEach(h -> groups.add(h.resolve(root.substring(1))));
    boolean gone = true;
    for (Path group : groups) {
      thaw(group);
      lines(group.resolve("cgroup.procs"))
          .forEach(
              pid ->
                  ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly));
      try {
        Files.deleteIfExists(group);
      } catch (IOException e) {
        gone = false;
      }
    }
    return gone;
  }

  private static void thaw(Path group) {
    write(group.resolve("freezer.state"), "THAWED");
    write(group.resolve("cgroup.freeze"), "0");
  }

  private static void write(Path file, String text) {
    if (Files.exists(file)) {
      try {
        Files.writeString(file, text);
      } catch (IOException e) {
        // The group went away, and with it all that was frozen.
      }
    }
  }

  /** The path of a process in the hierarchy that has a controller, or in cgroup2 for "". */
  static Optional<String> of(long pid, String controller) {
    return lines(Path.of("/proc/" + pid + "/cgroup")).stream()
        .map(line -> line.split(":", 3))
        .filter(fields -> List.of(fields[1].split(",")).contains(controller))
        .map(fields -> fields[2])
        .findFirst();
  }

  static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      // ESRCH and ENODEV: the process or the group ended while it was read.
      return List.of();
    }
  }
}
