package io.sandboxd.cgroup;

import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.Resources;
import java.util.List;

/** Resources of one kind, nothing else limited. */
final class ResourcesOf {
  private ResourcesOf() {}

  /** Bytes. */
  static Resources memory(Long max, Long high, Long swapMax) {
    return new Resources(
        new Resources.Memory(size(max), size(high), size(swapMax)), null, null, null);
  }

  static Resources cpu(Double max, Integer weight, String cpuset) {
    return new Resources(null, new Resources.Cpu(max, weight, cpuset), null, null);
  }

  static Resources pids(Long max) {
    return new Resources(null, null, new Resources.Pids(max), null);
  }

  static Resources io(Resources.Io... io) {
    return new Resources(null, null, null, List.of(io));
  }

  static Resources.Io device(String device, Long rbps, Long wbps, Long riops, Long wiops) {
    return new Resources.Io(device, size(rbps), size(wbps), riops, wiops, null);
  }

  static Resources.Io weight(String device, Integer weight) {
    return new Resources.Io(device, null, null, null, null, weight);
  }

  private static ByteSize size(Long bytes) {
    return bytes == null ? null : new ByteSize(bytes);
  }
}
