package io.sandboxd.sandbox;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What a client asks for at creation, as it asked for it: {@code null} is "not said". */
public record SandboxSpec(
    String name,
    Map<String, String> labels,
    Namespaces namespaces,
    String hostname,
    String domainname,
    TimeOffsets timeOffsets,
    IdMappings idMappings,
    Root root,
    List<Mount> mounts,
    Resources resources,
    Map<String, String> sysctls,
    Duration ttl,
    ProcessSpec process) {

  /** Per type; {@code otherwise} (JSON: {@code default}) is for those left out. */
  public record Namespaces(NamespaceSource otherwise, Map<NamespaceType, NamespaceSource> byType) {
    /** The choice for one type, with the contract's defaults filled in. */
    public NamespaceSource of(NamespaceType type, boolean timeOffsetsGiven) {
      NamespaceSource chosen = byType.get(type);
      if (chosen != null) {
        return chosen;
      }
      if (type == NamespaceType.TIME && timeOffsetsGiven) {
        return NamespaceSource.NEW;
      }
      if (otherwise != null) {
        return otherwise;
      }
      return type == NamespaceType.TIME ? NamespaceSource.HOST : NamespaceSource.NEW;
    }
  }

  /** time_namespaces(7): added to the host's clocks; may be negative. */
  public record TimeOffsets(Duration monotonic, Duration boottime) {}

  public record IdMappings(List<IdMapping> uid, List<IdMapping> gid) {}

  /**
   * @param path an absolute directory of the host
   * @param readonly default false
   * @param overlay writes go to a layer that vanishes with the sandbox; default false
   */
  public record Root(String path, Boolean readonly, Boolean overlay) {}

  /**
   * @param destination absolute, inside the root
   * @param type {@code bind}, {@code tmpfs}, {@code proc}, {@code sysfs}, {@code mqueue}, {@code devpts}, {@code cgroup2}; default {@code bind} when there is a source
   * @param source for a bind: an absolute path of the host
   * @param options as of mount(8): {@code ro}, {@code nosuid}, {@code size=64m}, {@code rbind}, …
   */
  public record Mount(String destination, String type, String source, List<String> options) {}

  public NamespaceSource namespace(NamespaceType type) {
    Namespaces chosen = namespaces == null ? new Namespaces(null, Map.of()) : namespaces;
    return chosen.of(type, timeOffsets != null);
  }
}
