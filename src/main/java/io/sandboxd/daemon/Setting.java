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
  MAX_BODY("1048576", "the longest request body in bytes"),
  IDLE_TIMEOUT("60", "seconds until a connection is closed on which no request is worked on"),
  OUTPUT_RETENTION(
      "4194304", "bytes of each output stream that are kept, if a process does not say"),
  KEPT_PROCESSES("1000", "processes that are kept of each sandbox, the ended ones too"),
  KEPT_EVENTS("4096", "events that are kept for clients that come back"),
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
