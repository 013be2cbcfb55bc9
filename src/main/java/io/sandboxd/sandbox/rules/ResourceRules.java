package io.sandboxd.sandbox.rules;

import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.Resources.Io;
import io.sandboxd.sandbox.Resources.Memory;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/** What the controllers of a cgroup take (kernel: admin-guide/cgroup-v2). */
final class ResourceRules {
  /** Below this not even the sandbox's own init and one small program fit. */
  private static final ByteSize LEAST_MEMORY = new ByteSize(1 << 20);

  /** CONFIG_NR_CPUS is nowhere larger. */
  private static final int MAX_CPU = 8_191;

  static final List<Rule<Resources>> ALL =
      List.of(ResourceRules::memory, ResourceRules::cpuset, ResourceRules::io);

  private ResourceRules() {}

  private static void memory(Resources resources, FieldPath at) {
    Memory memory = resources.memory();
    if (memory == null) {
      return;
    }
    FieldPath where = at.field("memory");
    enough(memory.max(), where.field("max"));
    enough(memory.high(), where.field("high"));
    if (memory.max() != null
        && memory.high() != null
        && memory.high().bytes() > memory.max().bytes()) {
      throw Rule.broken(
          where.field("high"), "must not be more than max, which would be reached first");
    }
  }

  private static void enough(ByteSize size, FieldPath at) {
    if (size != null && size.bytes() < LEAST_MEMORY.bytes()) {
      throw Rule.broken(
          at, "must be " + LEAST_MEMORY.bytes() + " bytes (1Mi) or more: less holds no process");
    }
  }

  private static void cpuset(Resources resources, FieldPath at) {
    if (resources.cpu() == null || resources.cpu().cpuset() == null) {
      return;
    }
    for (String part : resources.cpu().cpuset().split(",", -1)) {
      if (!isRange(part)) {
        throw Rule.broken(
            at.field("cpu").field("cpuset"),
            "must be CPU numbers and ranges of them with commas between, such as 0-1,3; the last"
                + " CPU is at most "
                + MAX_CPU);
      }
    }
  }

  private static boolean isRange(String part) {
    if (!part.matches("\\d{1,4}(?:-\\d{1,4})?")) {
      return false;
    }
    String[] ends = part.split("-", 2);
    int first = Integer.parseInt(ends[0]);
    int last = ends.length == 1 ? first : Integer.parseInt(ends[1]);
    return first <= last && last <= MAX_CPU;
  }

  private static void io(Resources resources, FieldPath at) {
    List<Io> devices = resources.io() == null ? List.of() : resources.io();
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < devices.size(); i++) {
      Io io = devices.get(i);
      FieldPath where = at.field("io").index(i);
      if (!seen.add(io.device())) {
        throw Rule.broken(where.field("device"), "is there twice: put its limits into one entry");
      }
      rate(io.rbps(), where.field("rbps"));
      rate(io.wbps(), where.field("wbps"));
      if (Stream.of(io.rbps(), io.wbps(), io.riops(), io.wiops(), io.weight())
          .allMatch(Objects::isNull)) {
        throw Rule.broken(where, "limits nothing: give rbps, wbps, riops, wiops or weight");
      }
    }
  }

  private static void rate(ByteSize rate, FieldPath at) {
    if (rate != null && rate.bytes() == 0) {
      throw Rule.broken(at, "must be 1 or more; leave it out for no limit");
    }
  }
}
