package io.sandboxd.cgroup;

import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The disks of the host. A limit's device is given by path, the kernel wants {@code major:minor}.
 *
 * @param files reads below sysfs
 * @param sysDevBlock /sys/dev/block, where each device has a directory named by its numbers
 * @param numbersOf a path's {@code major:minor}, or null for what is no block device
 */
record BlockDevices(ControlFiles files, Path sysDevBlock, UnaryOperator<String> numbersOf) {
  private static final int S_IFMT = 0170000;
  private static final int S_IFBLK = 0060000;

  static BlockDevices ofHost(ControlFiles files) {
    return new BlockDevices(files, Path.of("/sys/dev/block"), BlockDevices::statNumbers);
  }

  /**
   * Checks what a limit on any device must fulfil.
   *
   * @return the numbers of each entry's device, in order
   */
  List<String> check(List<Resources.Io> limits) {
    Map<String, Integer> seen = new LinkedHashMap<>();
    for (int i = 0; i < limits.size(); i++) {
      Resources.Io io = limits.get(i);
      String at = "resources.io[" + i + "]";
      String numbers = wholeDisk(at + ".device", io.device());
      Integer before = seen.putIfAbsent(numbers, i);
      if (before != null) {
        throw SandboxException.invalid(
            at + ".device", "is the same device as that of resources.io[" + before + "]");
      }
      atLeastOne(at + ".rbps", io.rbps() == null ? null : io.rbps().bytes());
      atLeastOne(at + ".wbps", io.wbps() == null ? null : io.wbps().bytes());
      atLeastOne(at + ".riops", io.riops());
      atLeastOne(at + ".wiops", io.wiops());
      CpuShare.checkWeight(at + ".weight", io.weight());
    }
    return new ArrayList<>(seen.keySet());
  }

  /** To the kernel 0 is no limit on v1 and an error on v2; neither is what a client can mean. */
  private static void atLeastOne(String field, Long value) {
    if (value != null && value < 1) {
      throw SandboxException.invalid(field, "is 1 or more per second");
    }
  }

  private String wholeDisk(String field, String device) {
    String numbers = device == null ? null : numbersOf.apply(device);
    if (numbers == null) {
      throw SandboxException.invalid(
          field, "'" + device + "' does not exist or is no block device");
    }
    if (files.exists(sysDevBlock.resolve(numbers).resolve("partition"))) {
      throw SandboxException.invalid(
          field, "'" + device + "' is a partition; the kernel limits whole disks only");
    }
    return numbers;
  }

  private static String statNumbers(String device) {
    try {
      Path path = Path.of(device);
      Map<String, Object> status = Files.readAttributes(path, "unix:mode,rdev");
      if (!path.isAbsolute() || ((int) status.get("mode") & S_IFMT) != S_IFBLK) {
        return null;
      }
      // As makedev(3) packs them.
      long rdev = (long) status.get("rdev");
      long major = (rdev >>> 8 & 0xfffL) | (rdev >>> 32 & 0xfffff000L);
      long minor = (rdev & 0xffL) | (rdev >>> 12 & 0xffffff00L);
      return major + ":" + minor;
    } catch (IOException | InvalidPathException | UnsupportedOperationException e) {
      return null;
    }
  }

  /** Whether a device's requests are scheduled by this elevator. */
  boolean isScheduledBy(String numbers, String scheduler) {
    return files
        .read(sysDevBlock.resolve(numbers).resolve("queue/scheduler"))
        .orElse("")
        .contains("[" + scheduler + "]");
  }

  /** The path by which people know a device, or else its numbers. */
  String name(String numbers) {
    String uevent = files.read(sysDevBlock.resolve(numbers).resolve("uevent")).orElse("");
    return uevent
        .lines()
        .filter(line -> line.startsWith("DEVNAME="))
        .map(line -> "/dev/" + line.substring("DEVNAME=".length()))
        .findFirst()
        .orElse(numbers);
  }
}
