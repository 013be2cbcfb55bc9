package io.sandboxd.it;

import static org.awaitility.Awaitility.await;

import io.restassured.RestAssured;
import io.restassured.config.HttpClientConfig;
import io.restassured.http.ContentType;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * The packaged daemon as a process, with a socket, a state directory and cgroups of its own. It can
 * be stopped, killed and started again; {@link #close} takes away all that is its own.
 */
public final class Daemon implements AutoCloseable {
  /** The Java home whose java runs the daemon; by default the one that runs the tests. */
  private static final Path JAVA_HOME =
      Path.of(System.getProperty("sandboxd.it.java-home", System.getProperty("java.home")));

  /** What the build makes, and installations are copies of. */
  static final Path PACKAGE = Path.of("target/quarkus-app").toAbsolutePath();

  private static final Path LOGS = Path.of("target/it").toAbsolutePath();
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final AtomicInteger COUNT = new AtomicInteger();

  private static final String LAUNCHER = Path.of("deploy/sandboxd").toAbsolutePath().toString();

  private final int number = COUNT.incrementAndGet();
  private final Path home;
  private final Map<String, String> settings = new LinkedHashMap<>();
  private final Map<String, String> environment = new LinkedHashMap<>();
  private Path javaHome = JAVA_HOME;
  private Path installation = PACKAGE;
  private List<String> arguments = List.of();
  private List<String> launcher = List.of();
  private Process process;

  private Daemon() throws IOException {
    home = Files.createTempDirectory("sandboxd-it-");
    Files.createDirectories(LOGS);
    Files.deleteIfExists(log());
    settings.put("sandboxd.socket", home.resolve("sandboxd.sock").toString());
    settings.put("sandboxd.state-dir", home.resolve("state").toString());
    settings.put("sandboxd.layer-dir", home.resolve("layers").toString());
    settings.put("sandboxd.cgroup-root", cgroupRoot());
  }

  /** One that is not started yet, so that it can be given other settings. */
  public static Daemon prepare() throws IOException {
    return new Daemon();
  }

  /** One that is ready. */
  public static Daemon started(String... namesAndValues) throws IOException {
    Daemon daemon = prepare();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      daemon.with(namesAndValues[i], namesAndValues[i + 1]);
    }
    try {
      return daemon.start();
    } catch (RuntimeException | Error e) {
      daemon.close();
      throw e;
    }
  }

  /** A system property for the next start; null takes it away. */
  public Daemon with(String setting, String value) {
    settings.put(setting, value);
    return this;
  }

  /** An environment variable for the next start; null takes it away. */
  public Daemon withVariable(String name, String value) {
    environment.put(name, value);
    return this;
  }

  /** The Java home for the next start. */
  public Daemon on(Path otherJavaHome) {
    javaHome = otherJavaHome;
    return this;
  }

  /** The copy of the package that the next start is of. */
  Daemon from(Path copy) {
    installation = copy;
    return this;
  }

  /** Another program to start it, for the next start; {@link #pid} is that of this program. */
  public Daemon launchedBy(String... command) {
    launcher = List.of(command);
    return this;
  }

  /** With arguments, which none that serves has. */
  Daemon called(String... with) {
    arguments = List.of(with);
    return this;
  }

  /** Starts it and waits until it is ready. */
  public Daemon start() {
    spawn();
    await("readiness of the daemon, see " + log())
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> !process.isAlive() || isReady());
    if (!process.isAlive()) {
      throw new AssertionError("the daemon ended with " + process.exitValue() + ":\n" + logText());
    }
    return this;
  }

  /** Starts it and waits for its end, which is expected to come by itself. */
  public int runToEnd() {
    spawn();
    return awaitExit();
  }

  /** Starts it and waits for nothing. */
  public Daemon spawn() {
    List<String> command = new ArrayList<>(launcher);
    command.add(LAUNCHER);
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.startsWith("SANDBOXD_"));
    builder.environment().put("SANDBOXD_APP", installation.toString());
    builder.environment().put("JAVA_HOME", javaHome.toString());
    builder.environment().put("JDK_JAVA_OPTIONS", properties());
    environment.forEach(
        (name, value) -> {
          if (value != null) {
            builder.environment().put(name, value);
          }
        });
    try {
      builder
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
      process = builder.start();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return this;
  }

  /** The settings as Java takes them from its environment. */
  private String properties() {
    return settings.entrySet().stream()
        .filter(setting -> setting.getValue() != null)
        .map(setting -> "'-D" + setting.getKey() + "=" + setting.getValue() + "'")
        .collect(Collectors.joining(" "));
  }

  /**
   * A request to it, with JSON in and out, on a connection of its own that ends with the answer.
   * The answer is read whole at once (one that does not end is for {@link RawHttp}), and must be
   * one that openapi.yaml describes.
   */
  public RequestSpecification given() {
    return RestAssured.given()
        .config(
            RestAssured.config()
                .httpClient(
                    HttpClientConfig.httpClientConfig()
                        .httpClientFactory(() -> UnixSocketClient.to(socket()))))
        .filter(new DescribedAnswers())
        .baseUri("http://localhost")
        .header("Connection", "close")
        .contentType(ContentType.JSON);
  }

  /** Those that went by themselves meanwhile, with the request that they were for, are gone too. */
  void deleteAll() {
    List<String> ids = given().get("/v1/sandboxes").jsonPath().getList("sandboxes.id");
    for (String id : ids) {
      Response answer = given().delete("/v1/sandboxes/" + id + "?force=true");
      int status = answer.statusCode();
      if (status != 204 && status != 404) {
        throw new AssertionError("cannot delete " + id + ": " + answer.asString());
      }
    }
  }

  /** SIGTERM, and waits for its end. */
  public int stop() {
    process.destroy();
    return awaitExit();
  }

  /** SIGKILL, and waits for its end. */
  public void kill() {
    process.destroyForcibly();
    awaitExit();
  }

  private int awaitExit() {
    try {
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("the daemon does not end, see " + log());
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private boolean isReady() {
    try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
      return probe.isConnected() && given().get("/q/health/ready").statusCode() == 200;
    } catch (IOException e) {
      // Not there yet, or that of a former daemon.
      return false;
    }
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process != null && process.isAlive();
  }

  /** A directory for this daemon's files and those of its tests. */
  public Path home() {
    return home;
  }

  public Path socket() {
    return Path.of(settings.get("sandboxd.socket"));
  }

  public Path stateDirectory() {
    return Path.of(settings.get("sandboxd.state-dir"));
  }

  public Path layerDirectory() {
    return Path.of(settings.get("sandboxd.layer-dir"));
  }

  /** Below each hierarchy's mount point. */
  public String cgroupRoot() {
    return "/sandboxd-it-" + ProcessHandle.current().pid() + "-" + number;
  }

  /** The file with what it wrote to stdout and stderr, in all its lives. */
  public Path log() {
    return LOGS.resolve("daemon-" + number + ".log");
  }

  /** The same, without what Java says of {@link #properties}. */
  public String logText() {
    try {
      String text = Files.exists(log()) ? Files.readString(log()) : "";
      return text.replaceAll("(?m)^NOTE: Picked up JDK_JAVA_OPTIONS: .*\\R", "");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Ends it with all sandboxes it may have left, whatever state they are in. */
  @Override
  public void close() throws IOException {
    if (isAlive()) {
      kill();
    }
    HostCgroups.remove(cgroupRoot());
    Directories.delete(home);
  }
}
