package io.sandboxd.it;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How the daemon starts, and when it refuses to. */
class StartIT {
  private static final int CONFIGURATION = 78;
  private static final int UNAVAILABLE = 69;

  /** Exit code of a JVM that was told to end by SIGTERM. */
  private static final int TERMINATED = 128 + 15;

  private Daemon daemon;

  @BeforeEach
  void prepare() throws IOException {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root can run the daemon");
    daemon = Daemon.prepare();
  }

  @AfterEach
  void close() throws IOException {
    daemon.close();
  }

  @Test
  void leavesOnlyWhatTheNextOneNeedsWhenItStops() throws IOException {
    Path temporary = Files.createDirectory(daemon.home().resolve("tmp"));
    daemon.with("java.io.tmpdir", temporary.toString()).start();
    assertEquals(List.of(), Directories.content(temporary), "native code that was unpacked");
    assertEquals(TERMINATED, daemon.stop());
    assertEquals(
        Set.of(
            "layers",
            "sandboxd.sock.lock",
            "state",
            "state/audit",
            "state/audit/current",
            "state/blanks",
            "state/events",
            "state/events/current",
            "state/lock",
            "state/sandboxes",
            "tmp"),
        filesAtHome());
    daemon.start();
    daemon.given().get("/q/health/ready").then().statusCode(200);
  }

  @Test
  void replacesTheSocketOfOneThatWasKilled() throws IOException {
    daemon.start();
    daemon.kill();
    assertTrue(Files.exists(daemon.socket()), "a killed daemon leaves its socket");
    daemon.start();
    daemon.given().get("/q/health/ready").then().statusCode(200);
  }

  @Test
  void secondDaemonOnTheStateDirectoryIsRefused() throws IOException {
    daemon.start();
    try (Daemon second = Daemon.prepare()) {
      second.with("sandboxd.state-dir", daemon.stateDirectory().toString());
      assertEquals(UNAVAILABLE, second.runToEnd());
      assertEquals(
          "sandboxd: Another daemon (pid %d) uses the state directory %s.%n"
              .formatted(daemon.pid(), daemon.stateDirectory()),
          second.logText());
      assertFalse(Files.exists(second.socket()), "it did not touch anything");
    }
    daemon.given().get("/q/health/ready").then().statusCode(200);
  }

  @Test
  void secondDaemonOnTheSocketIsRefused() throws IOException {
    daemon.start();
    Object inode = inode(daemon.socket());
    try (Daemon second = Daemon.prepare()) {
      second.with("sandboxd.socket", daemon.socket().toString());
      assertEquals(UNAVAILABLE, second.runToEnd());
      assertEquals(
          "sandboxd: Another daemon (pid %d) serves the socket %s.%n"
              .formatted(daemon.pid(), daemon.socket()),
          second.logText());
    }
    assertEquals(inode, inode(daemon.socket()));
    daemon.given().get("/q/health/ready").then().statusCode(200);
  }

  @Test
  void socketOfAnotherProgramIsNotStolen() throws IOException {
    try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      other.bind(UnixDomainSocketAddress.of(daemon.socket()));
      Object inode = inode(daemon.socket());
      assertEquals(UNAVAILABLE, daemon.runToEnd());
      assertEquals(
          "sandboxd: Another process listens on " + daemon.socket() + ".\n", daemon.logText());
      assertEquals(inode, inode(daemon.socket()));
    }
  }

  @Test
  void anArgumentThatThereIsNotIsToldInOneLine() {
    daemon.called("--no-such-thing");
    assertEquals(CONFIGURATION, daemon.runToEnd());
    assertEquals(
        "sandboxd: There is no argument '--no-such-thing'; --help lists the settings.\n",
        daemon.logText());
  }

  @Test
  void whatIsNoSocketIsNotReplaced() throws IOException {
    Files.writeString(daemon.socket(), "precious");
    assertEquals(UNAVAILABLE, daemon.runToEnd());
    assertEquals("precious", Files.readString(daemon.socket()));
  }

  /** Every socket that can be seen at the path, from the first moment on, has the final mode. */
  @Test
  void socketIsNeverOpenWider() throws IOException {
    daemon.spawn();
    Set<String> modes = new HashSet<>();
    await()
        .pollDelay(java.time.Duration.ZERO)
        .pollInterval(java.time.Duration.ofNanos(100_000))
        .atMost(java.time.Duration.ofSeconds(60))
        .until(
            () -> {
              try {
                modes.add(
                    PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(daemon.socket(), LinkOption.NOFOLLOW_LINKS)));
              } catch (NoSuchFileException e) {
                // Not there yet.
              }
              try (Stream<Path> files = Files.list(daemon.home())) {
                for (Path directory : files.filter(f -> f.toString().endsWith(".new")).toList()) {
                  modes.add(
                      "."
                          + PosixFilePermissions.toString(
                              Files.getPosixFilePermissions(directory)));
                }
              } catch (NoSuchFileException e) {
                // It was moved meanwhile.
              }
              return modes.contains("rw-rw----")
                  || modes.stream().anyMatch(m -> m.startsWith("rw"));
            });
    modes.remove(".rwx------");
    assertEquals(Set.of("rw-rw----"), modes);
  }

  @Test
  void socketBelongsToTheGroupThatIsSet() throws IOException {
    daemon.with("sandboxd.socket-group", "daemon").start();
    assertEquals("daemon", Files.getAttribute(daemon.socket(), "posix:group").toString());
    assertEquals(
        "rw-rw----", PosixFilePermissions.toString(Files.getPosixFilePermissions(daemon.socket())));
  }

  @Test
  void unknownSettingsAreRefusedWhereverTheyAre() throws IOException {
    refused(daemon.with("sandboxd.sokcet", "/run/x"), "There is no setting 'sandboxd.sokcet'");
    daemon.with("sandboxd.sokcet", null);
    refused(
        daemon.withVariable("SANDBOXD_STATEDIR", "/run/x"),
        "There is no setting 'SANDBOXD_STATEDIR'");
    daemon.withVariable("SANDBOXD_STATEDIR", null);
    Path file = daemon.home().resolve("settings");
    Files.writeString(file, "sandboxd.max-boddy = 5\n");
    refused(
        daemon.with("sandboxd.config", file.toString()),
        "There is no setting 'sandboxd.max-boddy' (found in " + file + ")");
  }

  @Test
  void invalidValuesAreRefused() {
    refused(daemon.with("sandboxd.max-body", "many"), "sandboxd.max-body must be a whole number");
    daemon.with("sandboxd.max-body", null);
    refused(daemon.with("sandboxd.cgroup-root", "/"), "sandboxd.cgroup-root must be");
  }

  @Test
  void settingsComeFromTheEnvironmentAndAFile() throws IOException {
    Path file = daemon.home().resolve("settings");
    Files.writeString(file, "sandboxd.max-body = 2000\nsandboxd.idle-timeout = 7\n");
    daemon.withVariable("SANDBOXD_CONFIG", file.toString());
    daemon.withVariable("SANDBOXD_MAX_BODY", "3000");
    daemon.withVariable("SANDBOXD_HOST", "unix:///the/client's/own.sock");
    daemon.start();
    daemon.given().body(" ".repeat(3000)).post("/v1/sandboxes").then().statusCode(400);
    daemon.given().body(" ".repeat(3001)).post("/v1/sandboxes").then().statusCode(413);
  }

  @Test
  void slowRequestsAreGivenUp() {
    daemon.with("sandboxd.idle-timeout", "1").start();
    String head = "POST /v1/sandboxes HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{";
    String answer = RawHttp.exchange(daemon.socket(), head);
    assertTrue(answer.startsWith("HTTP/1.1 408 "), answer);
    assertEquals("", RawHttp.exchange(daemon.socket(), "GET /v1/in"), "closed without an answer");
  }

  @Test
  void longAnswersAreNotCutOff() {
    daemon.with("sandboxd.idle-timeout", "1").start();
    daemon
        .given()
        .body("{\"name\": \"slow\", \"process\": {\"args\": [\"sleep\", \"60\"]}}")
        .post("/v1/sandboxes?start=true")
        .then()
        .statusCode(201);
    daemon.given().get("/v1/sandboxes/slow/wait?timeout=4s").then().statusCode(204);
    daemon.given().delete("/v1/sandboxes/slow?force=true").then().statusCode(204);
  }

  @Test
  void runsOnTheNextLongTermJava() throws IOException {
    Path home = Path.of("/usr/lib/jvm/temurin-25-jdk-amd64");
    assumeTrue(Files.exists(home), "there is no JDK 25 at " + home);
    daemon.on(home).start();
    daemon.given().get("/v1/info").then().statusCode(200).body("java", startsWith("25"));
    assertEquals(List.of(), warnings(daemon.logText()));
  }

  @Test
  void startsWithoutAWarning() {
    daemon.start();
    assertEquals(List.of(), warnings(daemon.logText()));
  }

  private static List<String> warnings(String log) {
    return log.lines().filter(line -> line.contains("WARN") || line.contains("ERROR")).toList();
  }

  private void refused(Daemon started, String why) {
    String before = started.logText();
    assertEquals(CONFIGURATION, started.runToEnd());
    String said = started.logText().substring(before.length());
    assertTrue(said.startsWith("sandboxd: " + why), said);
    assertEquals(1, said.lines().count(), said);
    assertFalse(Files.exists(started.stateDirectory()), "it did not touch anything");
  }

  private static Object inode(Path path) throws IOException {
    Object inode = Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
    assertNotEquals(0L, inode);
    return inode;
  }

  private Set<String> filesAtHome() throws IOException {
    Set<String> files = new HashSet<>();
    Directories.content(daemon.home()).forEach(file -> files.add(file.toString()));
    return files;
  }
}
