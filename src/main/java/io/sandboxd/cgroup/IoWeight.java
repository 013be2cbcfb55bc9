package io.sandboxd.cgroup;

import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.function.Predicate;

/**
 * One way in which the kernel can weigh a device's users against each other.
 *
 * @param file takes {@code MAJOR:MINOR WEIGHT}
 * @param works whether a device, by its numbers, is driven that way
 * @param scale from 1 to 10000 (100 by default) to the file's own
 */
record IoWeight(String file, Predicate<String> works, IntUnaryOperator scale) {

  /** The bfq scheduler, whose weights are from 1 to 1000 with the same default. */
  static IoWeight bfq(String file, BlockDevices devices) {
    return new IoWeight(
        file,
        numbers -> devices.isScheduledBy(numbers, "bfq"),
        weight -> weight <= 100 ? weight : 100 + (weight - 100) * 900 / 9900);
  }

  static void check(
      List<IoWeight> ways, GroupDirectory root, List<Resources.Io> io, List<String> numbers) {
    for (int i = 0; i < io.size(); i++) {
      String device = numbers.get(i);
      if (io.get(i).weight() != null
          && ways.stream().noneMatch(way -> root.has(way.file) && way.works.test(device))) {
        throw SandboxException.invalid(
            "resources.io[" + i + "].weight",
            "'"
                + io.get(i).device()
                + "' has no scheduler that knows weights (bfq, or the cost model of cgroup v2)");
      }
    }
  }

  void apply(Limits limits, List<Resources.Io> io, List<String> numbers) {
    if (!limits.group().has(file)) {
      return;
    }
    if (!limits.fresh()) {
      for (String device : limits.group().read(file).split("\n")) {
        String before = device.split(" ")[0];
        if (before.contains(":") && !numbers.contains(before)) {
          limits.write("resources.io", file, before + " default");
        }
      }
    }
    for (int i = 0; i < io.size(); i++) {
      String device = numbers.get(i);
      Integer weight = io.get(i).weight();
      if (works.test(device)) {
        String field = "resources.io[" + i + "].weight";
        if (weight != null) {
          limits.write(field, file, device + " " + scale.applyAsInt(weight));
        } else if (!limits.fresh()) {
          limits.write(field, file, device + " default");
        }
      }
    }
  }
}
