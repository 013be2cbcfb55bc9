package io.sandboxd.daemon;

import java.util.Locale;
import java.util.Optional;

/**
 * The settings there are. Their meaning for the rest is in {@link io.sandboxd.sandbox.Settings}.
 */
enum Setting {
  SOCKET("/run/sandboxd/sandboxd.sock", "the Unix socket that serves the API (mode 0660)"),
  SOCKET_GROUP("", "the group that may use the socket; empty: the daemon's own"),
  STATE_DIR("/run/sandboxd", "live state of the sandboxes"),
  CGROUP_ROOT("/sandboxd", "the cgroup below which sandboxes have theirs"),
  LAYER_DIR("/var/lib/sandboxd/layers", "what sandboxes write to an overlay root"),
  // systemd's allocation of ids leaves 0x70000000 and up to nobody, and stays below 2^31.
  ID_BASE("1879048192", "the first host id for user namespaces, 65,536 for each"),
  DEFAULT_MEMORY(
      "50%", "memory.max of sandboxes that do not say: bytes, % of the host's memory, or max"),
  DEFAULT_PIDS("2048", "pids.max of sandboxes that do not say, or max for no limit"),
  NETWORK_POOL("10.89.0.0/16", "of which networks are that say no subnets: a /24 each"),
  POOL("4", "how many blank sandboxes of a kind are kept ready for creates; 0: none"),
  MAX_BODY("1048576", "the longest request body in bytes"),
  IDLE_TIMEOUT("60", "seconds until a connection is closed on which no request is worked on"),
  MAX_CONNECTIONS("4096", "how many connections there may be; an eighth is for admins alone"),
  MAX_CONNECTIONS_PER_USER("128", "how many of them each user may have who is no admin"),
  OUTPUT_RETENTION(
      "4194304", "bytes of each output stream that are kept, if a process does not say"),
  KEPT_PROCESSES("1000", "processes that are kept of each sandbox, the ended ones too"),
  KEPT_EVENTS("4096", "events that are kept for clients that come back"),
  ADMIN_GROUP("", "the group whose members may do what root may; empty: none"),
  POLICY_MAX_SANDBOXES("16", "how many sandboxes each user may have who is no admin, or none"),
  POLICY_MEMORY_MAX("1Gi", "how much memory each of them may have and has, or none for no limit"),
  POLICY_CPU_MAX("1", "how many CPUs each of them may have and has, or none for no limit"),
  POLICY_PIDS_MAX("512", "how many processes and threads each may have and has, or none"),
  POLICY_HOST_NAMESPACES("time", "which of its namespaces may be the host's; with user: root"),
  POLICY_JOIN_PATHS("", "below which directories are files of namespaces that may be joined"),
  POLICY_ROOTS("", "below which directories its root may be; with :rw also to be written to"),
  POLICY_BINDS(
      "", "below which directories its bind mounts may be; with :rw also to be written to"),
  POLICY_CAPABILITIES("default", "which capabilities its processes may have"),
  POLICY_SECCOMP_UNCONFINED("false", "whether its processes may do without the default filter"),
  FAULT("", "for tests: where to die, e.g. daemon:create.cgroup or init:exec.spawned"),
  LOG_LEVEL("info", "error, warn, info or debug");

  static final String PREFIX = "sandboxd.";
  static final String ENVIRONMENT_PREFIX = "SANDBOXD_";

  private final String defaultValue;
  private final String description;

  Setting(String defaultValue, String description) {
    this.defaultValue = defaultValue;
    this.description = description;
  }

  String defaultValue() {
    return defaultValue;
  }

  String description() {
    return description;
  }

  /** As in a file or a system property: {@code sandboxd.state-dir}. */
  String key() {
    return PREFIX + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** As in the environment: {@code SANDBOXD_STATE_DIR}. */
  String variable() {
    return ENVIRONMENT_PREFIX + name();
  }

  static Optional<Setting> ofKey(String key) {
    for (Setting setting : values()) {
      if (setting.key().equals(key)) {
        return Optional.of(setting);
      }
    }
    return Optional.empty();
  }

  static Optional<Setting> ofVariable(String variable) {
    for (Setting setting : values()) {
      if (setting.variable().equals(variable)) {
        return Optional.of(setting);
      }
    }
    return Optional.empty();
  }
}
