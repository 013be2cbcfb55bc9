package io.sandboxd.cgroup;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** The files a new group of a {@link FakeKernel} comes with. */
final class FakeGroupFiles {
  private final Set<String> leftOut = new HashSet<>();

  void leaveOut(String file) {
    leftOut.add(file);
  }

  void populate(Path group, Set<String> controllers) {
    if (controllers.isEmpty()) {
      String enabled = read(group.resolveSibling("cgroup.subtree_control"));
      fill(group, "cgroup.procs", "", "cgroup.controllers", enabled, "cgroup.subtree_control", "");
      fill(
          group,
          "cgroup.events",
          "populated 0\nfrozen 0\n",
          "cgroup.freeze",
          "0\n",
          "cgroup.kill",
          "");
      fill(group, "cpu.stat", "usage_usec 0\nuser_usec 0\nsystem_usec 0\n");
      for (String controller : ControlText.words(enabled)) {
        populateUnified(group, controller);
      }
    } else {
      populateLegacy(group, controllers);
    }
  }

  void populateUnified(Path group, String controller) {
    switch (controller) {
      case "memory" -> {
        fill(group, "memory.max", "max\n", "memory.high", "max\n", "memory.swap.max", "max\n");
        fill(group, "memory.current", "0\n", "memory.events", "low 0\noom 0\noom_kill 0\n");
      }
      case "cpu" -> fill(group, "cpu.max", "max 100000\n", "cpu.weight", "100\n");
      case "cpuset" -> fill(group, "cpuset.cpus", "\n", "cpuset.cpus.effective", "0-1\n");
      case "pids" -> fill(group, "pids.max", "max\n", "pids.current", "0\n");
      case "io" -> fill(group, "io.max", "", "io.stat", "", "io.weight", "default 100\n");
      default -> throw new AssertionError(controller);
    }
  }

  void populateLegacy(Path group, Set<String> controllers) {
    fill(group, "cgroup.procs", "", "tasks", "");
    for (String controller : controllers) {
      switch (controller) {
        case "memory" -> {
          String none = "9223372036854771712\n";
          fill(group, "memory.limit_in_bytes", none, "memory.memsw.limit_in_bytes", none);
          fill(
              group,
              "memory.use_hierarchy",
              "1\n",
              "memory.oom_control",
              "under_oom 0\noom_kill 0\n");
        }
        case "cpu" -> {
          fill(group, "cpu.cfs_quota_us", "-1\n", "cpu.cfs_period_us", "100000\n");
          fill(group, "cpu.shares", "1024\n", "cpu.stat", "nr_periods 0\n");
        }
        case "cpuset" -> fill(group, "cpuset.cpus", "\n", "cpuset.mems", "\n");
        case "pids" -> fill(group, "pids.max", "max\n", "pids.current", "0\n");
        case "blkio" -> {
          fill(group, "blkio.throttle.read_bps_device", "", "blkio.throttle.write_bps_device", "");
          fill(
              group, "blkio.throttle.read_iops_device", "", "blkio.throttle.write_iops_device", "");
          fill(group, "blkio.bfq.weight_device", "");
        }
        case "freezer" -> fill(group, "freezer.state", "THAWED\n", "freezer.self_freezing", "0\n");
        default -> {}
      }
    }
  }

  private void fill(Path group, String... filesAndTexts) {
    for (int i = 0; i < filesAndTexts.length; i += 2) {
      if (!leftOut.contains(filesAndTexts[i])) {
        write(group.resolve(filesAndTexts[i]), filesAndTexts[i + 1]);
      }
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
