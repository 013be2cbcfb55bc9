package io.sandboxd.it;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sandboxd.daemon.FakeServiceManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The daemon under a service manager, with what that may say, hear and pass on. */
class ServiceIT {
  private static final int CONFIGURATION = 78;
  private static final int TERMINATED = 128 + 15;
  private static final String PERL = "/usr/bin/perl";
  private static final Path LAUNCHER =
      Path.of("src/test/resources/pass-socket.pl").toAbsolutePath();

  private static final Duration PATIENCE = Duration.ofSeconds(120);

  private Daemon daemon;

  @BeforeEach
  void prepare() throws IOException {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root can run the daemon");
    daemon = Daemon.prepare();
  }

  @AfterEach
  void close() throws IOException {
    if (daemon.isAlive()) {
      // Not killed: a launcher would leave the daemon behind.
      daemon.stop();
    }
    daemon.close();
  }

  @Test
  void tellsTheServiceManagerHowItIs() throws IOException {
    try (FakeServiceManager manager = FakeServiceManager.at(daemon.home().resolve("notify"))) {
      daemon.withVariable("NOTIFY_SOCKET", manager.address());
      daemon.withVariable("WATCHDOG_USEC", "100000").spawn();
      assertEquals(
          "STATUS=Looking for the sandboxes of the former daemon.",
          manager.next(),
          "before it is ready");
      assertEquals("READY=1\nSTATUS=Serving.", manager.next());
      daemon.given().get("/q/health/ready").then().statusCode(200);
      for (int i = 0; i < 3; i++) {
        assertEquals("WATCHDOG=1", manager.next());
      }
      assertEquals(TERMINATED, daemon.stop());
      String message = manager.next();
      while (message.equals("WATCHDOG=1")) {
        message = manager.next();
      }
      assertEquals("STOPPING=1\nSTATUS=Answering the last requests.", message);
    }
  }

  @Test
  void servesASocketThatIsPassedAndLeavesItAlone() throws IOException {
    Path passed = passSocket();
    daemon.spawn();
    await().atMost(PATIENCE).until(() -> Files.exists(passed));
    Object inode = Files.getAttribute(passed, "unix:ino");
    // The socket is there a second before the daemon, which a client does not see.
    daemon.given().get("/v1/sandboxes").then().statusCode(200).body("sandboxes.size()", equalTo(0));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(passed)));
    assertTrue(daemon.logText().contains("serving on the socket passed as api"), daemon.logText());
    assertEquals(TERMINATED, daemon.stop());
    assertEquals(inode, Files.getAttribute(passed, "unix:ino"));
    assertFalse(
        Directories.content(daemon.home()).toString().contains(".sock."),
        "what it makes for a socket of its own");
  }

  @Test
  void restartsUnderLoadAreNotSeenByClients() throws Exception {
    passSocket();
    daemon.start();
    daemon
        .given()
        .body("{\"name\": \"steady\", \"process\": {\"args\": [\"sleep\", \"600\"]}}")
        .post("/v1/sandboxes?start=true")
        .then()
        .statusCode(201);
    int pid = daemon.given().get("/v1/sandboxes/steady").path("processes.main.pid");
    Load load = new Load();
    try (load) {
      for (int i = 0; i < 3; i++) {
        load.awaitAnswers();
        ProcessHandle before = child();
        before.destroy();
        await().atMost(PATIENCE).until(() -> !before.isAlive() && child() != null);
        load.awaitAnswers();
      }
    }
    assertEquals(List.of(), List.copyOf(load.failures));
    daemon
        .given()
        .get("/v1/sandboxes/steady")
        .then()
        .statusCode(200)
        .body("state", equalTo("running"))
        .body("processes.main.pid", equalTo(pid));
    daemon.given().delete("/v1/sandboxes/steady?force=true").then().statusCode(204);
  }

  /** Under a service manager the daemon may be killed last of all; that is not for sandboxes. */
  @Test
  void sandboxesDoNotInheritTheDaemonsOomScore() throws IOException {
    daemon.launchedBy("/bin/sh", "-c", "echo 300 >/proc/self/oom_score_adj; exec \"$0\" \"$@\"");
    daemon.start();
    assertEquals("300", oomScore(daemon.pid()));
    daemon
        .given()
        .body("{\"name\": \"usual\", \"process\": {\"args\": [\"sleep\", \"600\"]}}")
        .post("/v1/sandboxes?start=true")
        .then()
        .statusCode(201);
    int pid = daemon.given().get("/v1/sandboxes/usual").path("processes.main.pid");
    assertEquals("0", oomScore(pid));
    daemon.given().delete("/v1/sandboxes/usual?force=true").then().statusCode(204);
  }

  @Test
  void aPassedNetworkSocketIsRefused() {
    assumePerl();
    daemon.launchedBy(PERL, LAUNCHER.toString(), "127.0.0.1");
    assertEquals(CONFIGURATION, daemon.runToEnd());
    assertEquals(
        "sandboxd: Descriptor 3 (api) is no Unix stream socket that listens.\n", daemon.logText());
  }

  private static String oomScore(long pid) throws IOException {
    return Files.readString(Path.of("/proc/" + pid + "/oom_score_adj")).strip();
  }

  private Path passSocket() {
    assumePerl();
    Path passed = daemon.home().resolve("passed.sock");
    // As configured where the service manager opens it: neither taken for another daemon's nor
    // removed.
    daemon.with("sandboxd.socket", passed.toString());
    daemon.launchedBy(PERL, LAUNCHER.toString(), passed.toString());
    return passed;
  }

  private static void assumePerl() {
    assumeTrue(Files.exists(Path.of(PERL)), "there is no perl, which would pass the socket");
  }

  /** The daemon that the launcher has started. */
  private ProcessHandle child() {
    return ProcessHandle.of(daemon.pid()).orElseThrow().children().findFirst().orElse(null);
  }

  /** Some clients that do not stop asking, each with one connection for each request. */
  private final class Load implements AutoCloseable {
    private final AtomicInteger answered = new AtomicInteger();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean ended = new AtomicBoolean();
    private final List<Thread> clients = new ArrayList<>();

    Load() {
      for (Runnable request : List.<Runnable>of(this::look, this::look, this::exec, this::exec)) {
        Thread client = new Thread(() -> ask(request));
        client.start();
        clients.add(client);
      }
    }

    private void ask(Runnable request) {
      while (!ended.get()) {
        try {
          request.run();
          answered.incrementAndGet();
        } catch (Exception | AssertionError e) {
          failures.add(e.toString());
        }
      }
    }

    private void look() {
      daemon.given().get("/v1/sandboxes/steady").then().statusCode(200);
    }

    private void exec() {
      daemon
          .given()
          .body("{\"args\": [\"true\"], \"wait\": true}")
          .post("/v1/sandboxes/steady/exec")
          .then()
          .statusCode(200)
          .body("exit.code", equalTo(0));
    }

    void awaitAnswers() {
      int before = answered.get();
      await().atMost(PATIENCE).until(() -> answered.get() > before + 20);
    }

    @Override
    public void close() throws InterruptedException {
      ended.set(true);
      for (Thread client : clients) {
        client.join();
      }
    }
  }
}
