package io.sandboxd.daemon;

import io.sandboxd.lifecycle.Fault;
import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.Settings;
import io.sandboxd.sandbox.net.Cidr;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Settings from system properties, else the environment, else a file, else the defaults. Whatever
 * looks like a setting and is none stops the start: a limit that was mistyped must not be a limit
 * that is silently absent.
 */
final class SettingsReader {
  static final Path DEFAULT_FILE = Path.of("/etc/sandboxd/sandboxd.properties");

  private static final String FILE_KEY = "sandboxd.config";
  private static final String FILE_VARIABLE = "SANDBOXD_CONFIG";

  /** Says to the command-line client where the daemon is; no business of the daemon's. */
  private static final String CLIENT_VARIABLE = "SANDBOXD_HOST";

  /** sockaddr_un(7) has 108 bytes and a NUL; the socket is bound under a longer name first. */
  private static final int MAX_SOCKET_PATH = 107 - UnixSocket.LONGER_WHILE_BINDING;

  /**
   * The sockets of sandboxes' inits are in the state directory, at {@code sandboxes/ID/init.sock}.
   */
  private static final int MAX_STATE_DIR = 107 - "/sandboxes/0123456789abcdef/init.sock".length();

  private static final long ID_RANGE = 65536;

  /** Ids are 32 bits wide, and the highest means "none". */
  private static final long MAX_ID_BASE = (1L << 32) - 2 * ID_RANGE;

  private static final String UNLIMITED = "max";
  private static final long LEAST_MEMORY = 1 << 20;
  private static final long MAX_PIDS = 4_194_304;
  private static final long MAX_POOL = 1_000;
  private static final long MAX_MAX_BODY = 1L << 30;
  private static final long MAX_KEPT_PROCESSES = 1_000_000;
  private static final long MIN_KEPT_EVENTS = 16;
  private static final long MAX_KEPT_EVENTS = 1_000_000;
  private static final long MIN_CONNECTIONS = 16;
  private static final long MAX_CONNECTIONS = 1_000_000;
  private static final long MAX_IDLE_SECONDS = 86_400;
  private static final Pattern CGROUP_PATH =
      Pattern.compile("(/[A-Za-z0-9_:@-][A-Za-z0-9_.:@\\\\-]*)+");
  private static final Set<String> LOG_LEVELS = Set.of("error", "warn", "info", "debug");

  private final Map<Setting, String> values = new EnumMap<>(Setting.class);
  private final Map<Setting, String> origins = new EnumMap<>(Setting.class);

  /** Throws {@link StartException} at what it cannot take. */
  SettingsReader(Map<String, String> properties, Map<String, String> environment) {
    this(properties, environment, DEFAULT_FILE);
  }

  SettingsReader(
      Map<String, String> properties, Map<String, String> environment, Path defaultFile) {
    for (Setting setting : Setting.values()) {
      put(setting, setting.defaultValue(), "the default");
    }
    String named = properties.getOrDefault(FILE_KEY, environment.get(FILE_VARIABLE));
    if (named != null) {
      readFile(Path.of(named));
    } else if (Files.exists(defaultFile)) {
      readFile(defaultFile);
    }
    readEnvironment(environment);
    readProperties(properties);
  }

  Settings settings() {
    return new Settings(
        path(Setting.SOCKET, MAX_SOCKET_PATH),
        text(Setting.SOCKET_GROUP).isEmpty() ? null : text(Setting.SOCKET_GROUP),
        path(Setting.STATE_DIR, MAX_STATE_DIR),
        cgroupRoot(),
        path(Setting.LAYER_DIR),
        idBase(),
        new Resources(defaultMemory(), null, defaultPids(), null),
        networkPool(),
        (int) number(Setting.POOL, 0, MAX_POOL),
        number(Setting.MAX_BODY, 1024, MAX_MAX_BODY),
        Duration.ofSeconds(number(Setting.IDLE_TIMEOUT, 1, MAX_IDLE_SECONDS)),
        (int) number(Setting.MAX_CONNECTIONS, MIN_CONNECTIONS, MAX_CONNECTIONS),
        (int) number(Setting.MAX_CONNECTIONS_PER_USER, 1, MAX_CONNECTIONS),
        number(
            Setting.OUTPUT_RETENTION,
            ProcessSpec.LEAST_RETENTION.bytes(),
            ProcessSpec.MOST_RETENTION.bytes()),
        (int) number(Setting.KEPT_PROCESSES, 1, MAX_KEPT_PROCESSES),
        (int) number(Setting.KEPT_EVENTS, MIN_KEPT_EVENTS, MAX_KEPT_EVENTS),
        text(Setting.ADMIN_GROUP).isEmpty() ? null : text(Setting.ADMIN_GROUP),
        new PolicySettings(this::text, this::invalid).read());
  }

  private Cidr networkPool() {
    try {
      Cidr pool = Cidr.parse(text(Setting.NETWORK_POOL));
      if (pool.isNetwork() && pool.address().isV4() && pool.prefix() >= 8 && pool.prefix() <= 24) {
        return pool;
      }
    } catch (IllegalArgumentException e) {
      // Said below.
    }
    throw invalid(
        Setting.NETWORK_POOL, "must be an IPv4 network with a prefix of 8 to 24: 10.89.0.0/16");
  }

  String logLevel() {
    String level = text(Setting.LOG_LEVEL);
    if (!LOG_LEVELS.contains(level)) {
      throw invalid(Setting.LOG_LEVEL, "must be one of error, warn, info, debug");
    }
    return level;
  }

  /** Has the chosen fault come true when its time has come. */
  void armFault() {
    try {
      Fault.choose(text(Setting.FAULT));
    } catch (IllegalArgumentException e) {
      throw invalid(Setting.FAULT, e.getMessage());
    }
  }

  private void readFile(Path file) {
    Map<String, String> entries = new HashMap<>();
    try {
      Properties properties = new Properties();
      try (Reader reader = new StringReader(Files.readString(file, StandardCharsets.UTF_8))) {
        properties.load(reader);
      }
      properties.forEach((key, value) -> entries.put((String) key, (String) value));
    } catch (NoSuchFileException e) {
      throw StartException.configuration("There is no settings file " + file + ".");
    } catch (IOException | IllegalArgumentException e) {
      throw StartException.configuration("Cannot read the settings file " + file + ": " + e);
    }
    entries.forEach(
        (key, value) ->
            put(
                Setting.ofKey(key).orElseThrow(() -> unknown(key, file.toString())),
                value,
                file.toString()));
  }

  private void readEnvironment(Map<String, String> environment) {
    environment.forEach(
        (name, value) -> {
          if (name.startsWith(Setting.ENVIRONMENT_PREFIX)
              && !name.equals(FILE_VARIABLE)
              && !name.equals(CLIENT_VARIABLE)) {
            Setting setting =
                Setting.ofVariable(name).orElseThrow(() -> unknown(name, "the environment"));
            put(setting, value, "the environment variable " + name);
          }
        });
  }

  private void readProperties(Map<String, String> properties) {
    properties.forEach(
        (key, value) -> {
          if (key.startsWith(Setting.PREFIX) && !key.equals(FILE_KEY)) {
            Setting setting =
                Setting.ofKey(key).orElseThrow(() -> unknown(key, "the system properties"));
            put(setting, value, "the system property");
          }
        });
  }

  private void put(Setting setting, String value, String origin) {
    values.put(setting, value.strip());
    origins.put(setting, origin);
  }

  private String text(Setting setting) {
    return values.get(setting);
  }

  private Path path(Setting setting, int maxBytes) {
    Path path = path(setting);
    int length = path.toString().getBytes(StandardCharsets.UTF_8).length;
    if (length > maxBytes) {
      throw invalid(
          setting,
          "is " + length + " bytes long, and may have " + maxBytes + " for the sake of sockets");
    }
    return path;
  }

  private Path path(Setting setting) {
    try {
      Path path = Path.of(text(setting));
      if (path.isAbsolute() && path.equals(path.normalize()) && path.getParent() != null) {
        return path;
      }
    } catch (InvalidPathException e) {
      throw invalid(setting, "is no path: " + e.getReason());
    }
    throw invalid(setting, "must be an absolute path without '.' and '..', and not '/'");
  }

  private String cgroupRoot() {
    String root = text(Setting.CGROUP_ROOT);
    if (!CGROUP_PATH.matcher(root).matches()) {
      throw invalid(
          Setting.CGROUP_ROOT,
          "must be a cgroup's path such as /sandboxd or /system.slice/sandboxd.slice, not the root");
    }
    return root;
  }

  private long idBase() {
    long base = number(Setting.ID_BASE, ID_RANGE, MAX_ID_BASE);
    if (base % ID_RANGE != 0) {
      throw invalid(Setting.ID_BASE, "must be a multiple of " + ID_RANGE);
    }
    return base;
  }

  private Resources.Memory defaultMemory() {
    String text = text(Setting.DEFAULT_MEMORY);
    try {
      long bytes = text.endsWith("%") ? share(text) : ByteSize.parse(text).bytes();
      if (bytes >= LEAST_MEMORY) {
        return text.equals(UNLIMITED)
            ? null
            : new Resources.Memory(new ByteSize(bytes), null, null);
      }
    } catch (IllegalArgumentException e) {
      throw invalid(
          Setting.DEFAULT_MEMORY, "must be a size, a percentage or max: " + e.getMessage());
    }
    throw invalid(Setting.DEFAULT_MEMORY, "must be 1Mi or more, or max for no limit");
  }

  /** In whole pages or not: the kernel rounds. */
  private static long share(String text) {
    int percent = Integer.parseInt(text.substring(0, text.length() - 1));
    if (percent < 1 || percent > 100) {
      throw new IllegalArgumentException("a percentage is from 1% to 100%");
    }
    return HostMemory.bytes() / 100 * percent;
  }

  private Resources.Pids defaultPids() {
    return text(Setting.DEFAULT_PIDS).equals(UNLIMITED)
        ? null
        : new Resources.Pids(number(Setting.DEFAULT_PIDS, 1, MAX_PIDS));
  }

  private long number(Setting setting, long min, long max) {
    try {
      long number = Long.parseLong(text(setting));
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw invalid(setting, "must be a whole number from " + min + " to " + max);
    }
    throw invalid(setting, "must be from " + min + " to " + max);
  }

  private StartException invalid(Setting setting, String why) {
    return StartException.configuration(
        setting.key()
            + " "
            + why
            + "; it is '"
            + text(setting)
            + "' by "
            + origins.get(setting)
            + ".");
  }

  private static StartException unknown(String name, String where) {
    return StartException.configuration(
        "There is no setting '" + name + "' (found in " + where + "); --help lists what there is.");
  }
}
