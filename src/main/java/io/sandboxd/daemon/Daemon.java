package io.sandboxd.daemon;

import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.annotations.QuarkusMain;
import io.sandboxd.api.HalfClose;
import io.sandboxd.api.IdleConnections;
import io.sandboxd.api.RecoveryGate;
import io.sandboxd.lifecycle.RecoverSandboxes;
import io.sandboxd.sandbox.Settings;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.TreeMap;
import org.jboss.logging.Logger;

/**
 * The program. What can be wrong with the settings or be in the way is found before anything is
 * touched, and said in one line.
 */
@QuarkusMain
public final class Daemon implements QuarkusApplication {
  private static final Logger LOG = Logger.getLogger(Daemon.class);

  /** Made before there is an application that could be handed it. */
  private static UnixSocket socket;

  private final Vertx vertx;
  private final Settings settings;
  private final IdleConnections idleConnections;
  private final HalfClose halfClose;
  private final RecoveryGate gate;
  private final RecoverSandboxes recover;

  Daemon(
      Vertx vertx,
      Settings settings,
      IdleConnections idleConnections,
      HalfClose halfClose,
      RecoveryGate gate,
      RecoverSandboxes recover) {
    this.vertx = vertx;
    this.settings = settings;
    this.idleConnections = idleConnections;
    this.halfClose = halfClose;
    this.gate = gate;
    this.recover = recover;
  }

  /** Serves until the process is told to end. */
  public static void main(String... arguments) {
    try {
      if (arguments.length > 0) {
        CommandLine.answer(arguments);
        return;
      }
      SettingsReader reader = new SettingsReader(systemProperties(), System.getenv());
      reader.armFault();
      serve(reader.settings(), reader.logLevel());
    } catch (StartException e) {
      fail(e.exitCode(), e.getMessage());
    } catch (AccessDeniedException e) {
      fail(StartException.UNAVAILABLE, e.getFile() + ": permission denied; it takes root.");
    } catch (IOException e) {
      fail(StartException.UNAVAILABLE, e.toString());
    }
  }

  private static void serve(Settings settings, String logLevel) throws IOException {
    if (!Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))) {
      throw StartException.unavailable("it makes namespaces and cgroups: start it as root");
    }
    Directories.makeState(settings.stateDir());
    ExclusiveLock.take(
        settings.stateDir().resolve("lock"), "uses the state directory " + settings.stateDir());
    socket = UnixSocket.prepare(settings.socket(), settings.socketGroup());
    SettingsProducer.use(settings);
    NativeLibraries.load();
    System.setProperty("quarkus.log.category.\"io.sandboxd\".level", logLevel);
    Quarkus.run(Daemon.class);
  }

  @Override
  public int run(String... arguments) throws Exception {
    try {
      new HttpListener(vertx, this::opened).open(socket.bindPath());
      socket.publish();
      LOG.infof("serving on %s", settings.socket());
      recover.recover();
      gate.open();
      Quarkus.waitForExit();
    } finally {
      socket.withdraw();
    }
    return 0;
  }

  private void opened(HttpConnection connection) {
    idleConnections.opened(connection);
    halfClose.opened(connection);
  }

  private static TreeMap<String, String> systemProperties() {
    Properties properties = System.getProperties();
    TreeMap<String, String> strings = new TreeMap<>();
    for (String name : properties.stringPropertyNames()) {
      strings.put(name, properties.getProperty(name));
    }
    return strings;
  }

  private static void fail(int exitCode, String message) {
    System.err.println("sandboxd: " + message);
    System.exit(exitCode);
  }
}
