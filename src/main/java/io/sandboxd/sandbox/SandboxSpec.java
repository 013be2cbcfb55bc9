package io.sandboxd.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
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
    Network network,
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

  /**
   * An empty or absent list is the same as the other one; both so is the same as no idMappings at
   * all.
   */
  public record IdMappings(List<IdMapping> uid, List<IdMapping> gid) {
    /** The lines of uid_map, with the rule above applied. */
    public List<IdMapping> uidLines() {
      return firstFilled(uid, gid);
    }

    /** The lines of gid_map, with the rule above applied. */
    public List<IdMapping> gidLines() {
      return firstFilled(gid, uid);
    }

    private static List<IdMapping> firstFilled(List<IdMapping> own, List<IdMapping> other) {
      if (own != null && !own.isEmpty()) {
        return own;
      }
      return other == null ? List.of() : other;
    }
  }

  /**
   * @param path an absolute directory of the host
   * @param readonly default false
   * @param overlay writes go to a layer that vanishes with the sandbox; default false
   */
  public record Root(String path, Boolean readonly, Boolean overlay) {}

  /**
   * @param destination absolute, inside the root
   * @param type {@code bind}, {@code tmpfs}, {@code proc}, {@code sysfs}, {@code mqueue}, {@code
   *     devpts}, {@code cgroup2}; default {@code bind} when there is a source
   * @param source for a bind: an absolute path of the host
   * @param options as of mount(8): {@code ro}, {@code nosuid}, {@code size=64m}, {@code rbind}, …
   */
  public record Mount(String destination, String type, String source, List<String> options) {}

  /**
   * @param links empty: a new network namespace has its loopback alone
   */
  public record Network(List<JsonNode> links) {}

  /** The choice for one type, with the contract's defaults filled in. */
  public NamespaceSource namespace(NamespaceType type) {
    Namespaces chosen = namespaces == null ? new Namespaces(null, Map.of()) : namespaces;
    return chosen.of(type, timeOffsets != null);
  }
}
