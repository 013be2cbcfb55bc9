package io.sandboxd.cgroup;

import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Block devices on cgroup v2. */
record UnifiedIo(Hierarchy hierarchy, BlockDevices devices) implements Controller {
  private static final String MAX = "io.max";

  /** The cost model weighs only on devices for which the host's administrator enabled it. */
  private List<IoWeight> weights() {
    IoWeight cost =
        new IoWeight(
            "io.weight",
            numbers ->
                "1"
                    .equals(
                        ControlText.nestedKeyed(hierarchy.top().read("io.cost.qos"))
                            .getOrDefault(numbers, Map.of())
                            .get("enable")),
            weight -> weight);
    return List.of(cost, IoWeight.bfq("io.bfq.weight", devices));
  }

  @Override
  public void check(Resources wanted) {
    List<Resources.Io> io = wanted.io() == null ? List.of() : wanted.io();
    List<String> numbers = devices.check(io);
    for (int i = 0; i < io.size(); i++) {
      if (!maxima(io.get(i)).equals(maxima(UNLIMITED)) && !hierarchy.root().has(MAX)) {
        throw SandboxException.invalid(
            "resources.io[" + i + "]", "this kernel cannot throttle devices (io.max is missing)");
      }
    }
    IoWeight.check(weights(), hierarchy.root(), io, numbers);
  }

  @Override
  public void apply(Limits limits, Resources wanted) {
    List<Resources.Io> io = wanted.io() == null ? List.of() : wanted.io();
    if (limits.fresh() && io.isEmpty()) {
      return;
    }
    List<String> numbers = devices.check(io);
    for (String before : ControlText.nestedKeyed(limits.group().read(MAX)).keySet()) {
      if (!numbers.contains(before)) {
        limits.write("resources.io", MAX, before + maxima(UNLIMITED));
      }
    }
    for (int i = 0; i < io.size(); i++) {
      limits.write("resources.io[" + i + "]", MAX, numbers.get(i) + maxima(io.get(i)));
    }
    weights().forEach(way -> way.apply(limits, io, numbers));
  }

  private static final Resources.Io UNLIMITED =
      new Resources.Io(null, null, null, null, null, null);

  private static String maxima(Resources.Io io) {
    return " rbps=%s wbps=%s riops=%s wiops=%s"
        .formatted(bytes(io.rbps()), bytes(io.wbps()), orMax(io.riops()), orMax(io.wiops()));
  }

  private static Object bytes(ByteSize size) {
    return orMax(size == null ? null : size.bytes());
  }

  private static Object orMax(Long value) {
    return value == null ? "max" : value;
  }

  @Override
  public void collect(GroupDirectory group, StatsDraft stats) {
    List<Stats.Io> io = new ArrayList<>();
    ControlText.nestedKeyed(group.read("io.stat"))
        .forEach(
            (numbers, figures) -> {
              if (figures.containsKey("rbytes")) {
                io.add(
                    new Stats.Io(
                        devices.name(numbers),
                        figure(figures, "rbytes"),
                        figure(figures, "wbytes"),
                        figure(figures, "rios"),
                        figure(figures, "wios")));
              }
            });
    stats.io = io;
  }

  private static long figure(Map<String, String> figures, String name) {
    Long value = ControlText.number(figures.getOrDefault(name, ""));
    return value == null ? 0 : value;
  }
}
