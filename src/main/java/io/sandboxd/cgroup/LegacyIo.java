package io.sandboxd.cgroup;

import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Block devices on cgroup v1 (admin-guide/cgroup-v1/blkio-controller). What a process writes
 * through the page cache is written later by the kernel, in nobody's name: on v1 the limits hold
 * for reads and for direct and synchronous writes.
 */
record LegacyIo(Hierarchy hierarchy, BlockDevices devices) implements Controller {
  private static final String BYTES = "blkio.throttle.io_service_bytes";
  private static final String OPERATIONS = "blkio.throttle.io_serviced";

  private record Throttle(String field, String file, Function<Resources.Io, Long> value) {}

  private static final List<Throttle> THROTTLES =
      List.of(
          new Throttle("rbps", "blkio.throttle.read_bps_device", io -> bytes(io.rbps())),
          new Throttle("wbps", "blkio.throttle.write_bps_device", io -> bytes(io.wbps())),
          new Throttle("riops", "blkio.throttle.read_iops_device", Resources.Io::riops),
          new Throttle("wiops", "blkio.throttle.write_iops_device", Resources.Io::wiops));

  private static Long bytes(ByteSize size) {
    return size == null ? null : size.bytes();
  }

  private IoWeight weight() {
    return IoWeight.bfq("blkio.bfq.weight_device", devices);
  }

  @Override
  public void check(Resources wanted) {
    List<Resources.Io> io = wanted.io() == null ? List.of() : wanted.io();
    List<String> numbers = devices.check(io);
    for (int i = 0; i < io.size(); i++) {
      for (Throttle throttle : THROTTLES) {
        if (throttle.value.apply(io.get(i)) != null && !hierarchy.root().has(throttle.file)) {
          throw SandboxException.invalid(
              "resources.io[" + i + "]." + throttle.field,
              "this kernel cannot throttle devices (" + throttle.file + " is missing)");
        }
      }
    }
    IoWeight.check(List.of(weight()), hierarchy.root(), io, numbers);
  }

  @Override
  public void apply(Limits limits, Resources wanted) {
    List<Resources.Io> io = wanted.io() == null ? List.of() : wanted.io();
    if (limits.fresh() && io.isEmpty()) {
      return;
    }
    List<String> numbers = devices.check(io);
    THROTTLES.forEach(throttle -> apply(throttle, limits, io, numbers));
    weight().apply(limits, io, numbers);
  }

  private static void apply(
      Throttle throttle, Limits limits, List<Resources.Io> io, List<String> numbers) {
    Map<String, Long> before = limits.group().flatKeyed(throttle.file);
    for (int i = 0; i < io.size(); i++) {
      Long value = throttle.value.apply(io.get(i));
      if (value != null) {
        before.remove(numbers.get(i));
        String field = "resources.io[" + i + "]." + throttle.field;
        limits.write(field, throttle.file, numbers.get(i) + " " + value);
      }
    }
    for (String device : before.keySet()) {
      limits.write("resources.io", throttle.file, device + " 0");
    }
  }

  @Override
  public void collect(GroupDirectory group, StatsDraft stats) {
    Map<String, long[]> figures = new LinkedHashMap<>();
    count(group, BYTES, figures, 0);
    count(group, OPERATIONS, figures, 2);
    List<Stats.Io> io = new ArrayList<>();
    figures.forEach(
        (numbers, n) -> io.add(new Stats.Io(devices.name(numbers), n[0], n[1], n[2], n[3])));
    stats.io = io;
  }

  /**
   * Lines of {@code MAJOR:MINOR Read|Write|... NUMBER}, reads and writes to two places of an array.
   */
  private static void count(
      GroupDirectory group, String file, Map<String, long[]> figures, int place) {
    String recursive = group.read(file + "_recursive");
    for (String line : (recursive.isEmpty() ? group.read(file) : recursive).split("\n")) {
      List<String> words = ControlText.words(line);
      Long number = words.size() == 3 ? ControlText.number(words.get(2)) : null;
      int which = number == null ? -1 : List.of("Read", "Write").indexOf(words.get(1));
      if (which >= 0) {
        figures.computeIfAbsent(words.get(0), k -> new long[4])[place + which] = number;
      }
    }
  }
}
