package io.sandboxd.sandbox;

import io.sandboxd.sandbox.constraints.AbsolutePath;
import io.sandboxd.sandbox.constraints.Text;
import io.sandboxd.sandbox.net.NetworkSpec;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

/**
 * What a client asks for at creation, as it asked for it: {@code null} is "not said".
 *
 * @param devices of the host that it can use beside the usual ones
 * @param maskedPaths below {@code /proc} and {@code /sys}, to be empty inside; default {@link
 *     KernelPaths#MASKED}. What this kernel does not have is passed over.
 * @param readonlyPaths likewise, to be read-only; default {@link KernelPaths#READONLY}
 * @param outputRetention for its processes that do not say one; 64 KiB to 1 TiB, default the
 *     daemon's
 */
public record SandboxSpec(
    @Pattern(regexp = NAME, message = NAME_RULE) String name,
    @Size(max = 64, message = "can have at most 64 labels")
        Map<
                @Pattern(regexp = LABEL, message = LABEL_RULE) String,
                @NotNull(message = "must not be null") @Text(max = 1_024, controls = false) String>
            labels,
    Namespaces namespaces,
    @Pattern(regexp = HOST, message = HOST_RULE) String hostname,
    @Pattern(regexp = HOST, message = HOST_RULE) String domainname,
    TimeOffsets timeOffsets,
    @Valid IdMappings idMappings,
    @Valid Root root,
    @Size(max = 64, message = "can have at most 64 mounts")
        List<@NotNull(message = "must not be null") @Valid Mount> mounts,
    @Size(max = 64, message = "can have at most 64 devices")
        List<@NotNull(message = "must not be null") @Valid Device> devices,
    @Size(max = 64, message = "can have at most 64 paths")
        List<
                @NotNull(message = "must not be null") @AbsolutePath(normalised = true)
                @Pattern(regexp = KERNEL_PATH, message = KERNEL_PATH_RULE) String>
            maskedPaths,
    @Size(max = 64, message = "can have at most 64 paths")
        List<
                @NotNull(message = "must not be null") @AbsolutePath(normalised = true)
                @Pattern(regexp = KERNEL_PATH, message = KERNEL_PATH_RULE) String>
            readonlyPaths,
    @Valid Resources resources,
    @Valid NetworkSpec network,
    @Size(max = 256, message = "can have at most 256 sysctls")
        Map<
                @Pattern(regexp = SYSCTL, message = SYSCTL_RULE) String,
                @NotNull(message = "must not be null") @Text(max = 4_000, controls = false) String>
            sysctls,
    @DurationMin(millis = 1, message = "must be a millisecond or more")
        @DurationMax(days = 3_650, message = "can be at most 3650 days")
        Duration ttl,
    ByteSize outputRetention,
    @Valid ProcessSpec process) {

  /**
   * Of sandboxes and processes: never a path, and no help to anyone who hopes it is used as one.
   */
  public static final String NAME = "[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}";

  public static final int LONGEST_NAME = 63;

  public static final String NAME_RULE =
      "must be 1 to 63 of the characters a-z, A-Z, 0-9, _, . and -, and begin with a letter or a"
          + " digit";

  private static final String LABEL = "[a-zA-Z0-9][a-zA-Z0-9_./-]{0,127}";
  private static final String LABEL_RULE =
      "is not a label's name: it must be 1 to 128 of the characters a-z, A-Z, 0-9, _, ., / and -,"
          + " and begin with a letter or a digit";

  /**
   * At most __NEW_UTS_LEN of the kernel; letters, digits and hyphens of RFC 1123, and the
   * underscore many use.
   */
  private static final String HOST = "(?!.*\\.\\.)[a-zA-Z0-9](?:[a-zA-Z0-9_.-]{0,62}[a-zA-Z0-9])?";

  private static final String HOST_RULE =
      "must be 1 to 64 of the characters a-z, A-Z, 0-9, -, _ and single dots, and begin and end"
          + " with a letter or a digit";

  private static final String SYSCTL = "(?!.*(?:\\.\\.|\\.$))[a-z][a-zA-Z0-9_.-]{0,254}";
  private static final String SYSCTL_RULE =
      "is not a sysctl's name: it must be words with single dots between them, such as"
          + " net.ipv4.ip_forward";

  private static final String KERNEL_PATH = "/(?:proc|sys)/.+";
  private static final String KERNEL_PATH_RULE = "must be below /proc or /sys";
  private static final String ACCESS_RULE =
      "must be one or more of r (read), w (write) and m (mknod), in this order";

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
  public record IdMappings(
      List<@NotNull(message = "must not be null") IdMapping> uid,
      List<@NotNull(message = "must not be null") IdMapping> gid) {
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
  public record Root(
      @NotNull(message = "must be given: an absolute directory of the host") @AbsolutePath
          String path,
      Boolean readonly,
      Boolean overlay) {}

  /**
   * @param destination absolute, inside the root
   * @param type {@code bind}, {@code tmpfs}, {@code proc}, {@code sysfs}, {@code mqueue}, {@code
   *     devpts}, {@code cgroup2}; default {@code bind} when there is a source
   * @param source for a bind: an absolute path of the host
   * @param options as of mount(8): {@code ro}, {@code nosuid}, {@code size=64m}, {@code rbind}, …
   */
  public record Mount(
      @NotNull(message = "must be given: where in the sandbox to mount")
          @AbsolutePath(normalised = true)
          String destination,
      @Text(max = 64) String type,
      @AbsolutePath String source,
      @Size(max = 32, message = "can have at most 32 options")
          List<@NotNull(message = "must not be null") @Text(max = 256) String> options) {}

  /**
   * A device node of the host, as {@code docker run --device} has it.
   *
   * @param path where it is inside, below {@code /dev}
   * @param source where it is on the host; default the same
   * @param access what may be done with it: {@code r} read, {@code w} write, {@code m} mknod;
   *     default {@code rw}
   */
  public record Device(
      @NotNull(message = "must be given: a device node, such as /dev/fuse")
          @AbsolutePath(normalised = true)
          @Pattern(regexp = "/dev/.+", message = "must be below /dev")
          String path,
      @AbsolutePath String source,
      @Pattern(regexp = "(?=.)r?w?m?", message = ACCESS_RULE) String access) {
    /** Where it is on the host. */
    public String hostPath() {
      return source == null ? path : source;
    }

    /** What may be done with it. */
    public String allowed() {
      return access == null ? "rw" : access;
    }
  }

  /** The choice for one type, with the contract's defaults filled in. */
  public NamespaceSource namespace(NamespaceType type) {
    Namespaces chosen = namespaces == null ? new Namespaces(null, Map.of()) : namespaces;
    return chosen.of(type, timeOffsets != null);
  }

  /** The same with other limits, and another form of its process. */
  public SandboxSpec with(Resources limits, ProcessSpec main) {
    return with(limits, network, main);
  }

  /** The same with other networks. */
  public SandboxSpec with(NetworkSpec networks) {
    return with(resources, networks, process);
  }

  private SandboxSpec with(Resources limits, NetworkSpec networks, ProcessSpec main) {
    return new SandboxSpec(
        name,
        labels,
        namespaces,
        hostname,
        domainname,
        timeOffsets,
        idMappings,
        root,
        mounts,
        devices,
        maskedPaths,
        readonlyPaths,
        limits,
        networks,
        sysctls,
        ttl,
        outputRetention,
        main);
  }
}
