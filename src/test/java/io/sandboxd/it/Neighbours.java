package io.sandboxd.it;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** A daemon with users beside root: two who are no admins, and one who is. */
final class Neighbours implements AutoCloseable {
  /** Nobody's: neither the host nor a sandbox has them. */
  static final long ALICE = 54_321;

  static final long BOB = 54_322;
  static final long CAROL = 54_323;

  /** Of every Debian. */
  private static final String SOCKET_GROUP = "users";

  private static final String ADMIN_GROUP = "games";

  private final Daemon daemon;
  private final Leaks leaks;
  final User alice;
  final User bob;

  /** In the admin group, by a supplementary group alone. */
  final User carol;

  /**
   * @param settings name, value, name, value, …
   */
  Neighbours(String... settings) throws IOException {
    this(List.of(), settings);
  }

  /**
   * @param launcher what starts the daemon, as {@link Daemon#launchedBy}
   */
  Neighbours(List<String> launcher, String... settings) throws IOException {
    assumeTrue(
        System.getProperty("user.name").equals("root"), "only root can become others: skipped");
    daemon = Daemon.prepare().launchedBy(launcher.toArray(String[]::new));
    Files.setPosixFilePermissions(daemon.home(), PosixFilePermissions.fromString("rwx--x--x"));
    daemon.with("sandboxd.socket-group", SOCKET_GROUP).with("sandboxd.admin-group", ADMIN_GROUP);
    for (int i = 0; i < settings.length; i += 2) {
      daemon.with("sandboxd." + settings[i], settings[i + 1]);
    }
    alice = User.of(daemon, ALICE, socketGroup());
    bob = User.of(daemon, BOB, BOB, socketGroup());
    carol = User.of(daemon, CAROL, CAROL, socketGroup(), gid(ADMIN_GROUP));
    daemon.start();
    daemon.given().get("/v1/info");
    daemon.given().get("/v1/sandboxes");
    leaks = Leaks.since(daemon);
  }

  static long socketGroup() throws IOException {
    return gid(SOCKET_GROUP);
  }

  static long gid(String group) throws IOException {
    List<String> lines = Files.readAllLines(Path.of("/etc/group"));
    return lines.stream()
        .map(line -> line.split(":"))
        .filter(fields -> fields[0].equals(group))
        .map(fields -> Long.parseLong(fields[2]))
        .findFirst()
        .orElseThrow();
  }

  Daemon daemon() {
    return daemon;
  }

  @Override
  public void close() throws IOException {
    try (daemon) {
      leaks.check();
    }
  }
}
