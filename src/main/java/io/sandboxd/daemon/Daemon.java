package io.sandboxd.daemon;

import io.quarkus.runtime.Application;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.annotations.QuarkusMain;
import io.sandboxd.api.AuditTrail;
import io.sandboxd.api.ConnectionLimits;
import io.sandboxd.api.HalfClose;
import io.sandboxd.api.IdleConnections;
import io.sandboxd.api.LastRequests;
import io.sandboxd.api.Peers;
import io.sandboxd.api.Pipelining;
import io.sandboxd.api.RecoveryGate;
import io.sandboxd.api.StalledAnswers;
import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.lifecycle.Blanks;
import io.sandboxd.lifecycle.RecoverSandboxes;
import io.sandboxd.lifecycle.RunSandbox;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Libc;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.Settings;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.logging.Level;
import org.jboss.logging.Logger;

/**
 * The program. What can be wrong with the settings or be in the way is found before anything is
 * touched, and said in one line.
 */
@QuarkusMain
public final class Daemon implements QuarkusApplication {
  static {
    // Everything would be logged, and kept, until Quarkus knows what is to be.
    java.util.logging.Logger.getLogger("").setLevel(Level.INFO);
  }

  private static final Logger LOG = Logger.getLogger(Daemon.class);

  // Made before there is an application that could be handed them. Either there is a socket of our
  // own, or there are some that a service manager has opened.
  private static UnixSocket socket;
  private static final Map<PassedSocket, Fd> PASSED = new LinkedHashMap<>();
  private static NotifySocket notify;

  private final Vertx vertx;
  private final Settings settings;
  private final Wiring wiring;
  private final IdleConnections idleConnections;
  private final HalfClose halfClose;
  private final Peers peers;
  private final ConnectionLimits connectionLimits;
  private final StalledAnswers stalledAnswers;
  private final AuditTrail audit;
  private final RecoveryGate gate;
  private final LastRequests lastRequests;
  private final Ending ending;
  private final RecoverSandboxes recover;
  private final RunSandbox run;
  private final Blanks blanks;
  private final DaemonMetrics metrics;
  private HttpListener listener;
  private Watchdog watchdog;

  Daemon(
      Vertx vertx,
      Settings settings,
      Wiring wiring,
      IdleConnections idleConnections,
      HalfClose halfClose,
      Peers peers,
      ConnectionLimits connectionLimits,
      StalledAnswers stalledAnswers,
      AuditTrail audit,
      RecoveryGate gate,
      LastRequests lastRequests,
      Ending ending,
      RecoverSandboxes recover,
      RunSandbox run,
      Blanks blanks,
      DaemonMetrics metrics) {
    this.vertx = vertx;
    this.settings = settings;
    this.wiring = wiring;
    this.idleConnections = idleConnections;
    this.halfClose = halfClose;
    this.peers = peers;
    this.connectionLimits = connectionLimits;
    this.stalledAnswers = stalledAnswers;
    this.audit = audit;
    this.gate = gate;
    this.lastRequests = lastRequests;
    this.ending = ending;
    this.recover = recover;
    this.run = run;
    this.blanks = blanks;
    this.metrics = metrics;
  }

  /** Serves until the process is told to end. */
  public static void main(String... arguments) {
    try {
      if (arguments.length > 0) {
        CommandLine.answer(arguments);
      } else {
        serve();
      }
    } catch (StartException e) {
      fail(e.exitCode(), e.getMessage());
    } catch (AccessDeniedException e) {
      fail(StartException.UNAVAILABLE, e.getFile() + ": permission denied; it takes root.");
    } catch (IOException e) {
      fail(StartException.UNAVAILABLE, e.toString());
    }
  }

  private static void serve() throws IOException {
    try (NativeLibraries libraries = new NativeLibraries()) {
      SettingsReader reader = new SettingsReader(systemProperties(), System.getenv());
      reader.armFault();
      serve(reader.settings(), reader.logLevel(), libraries);
    }
  }

  private static void serve(Settings settings, String logLevel, NativeLibraries libraries)
      throws IOException {
    if (!Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))) {
      throw StartException.unavailable("it makes namespaces and cgroups: start it as root");
    }
    SubordinateIds.keepClearOf(settings.idBase());
    Directories.makeState(settings.stateDir());
    ExclusiveLock.take(
        settings.stateDir().resolve("lock"), "uses the state directory " + settings.stateDir());
    List<PassedSocket> sockets = PassedSocket.in(System.getenv(), ProcessHandle.current().pid());
    if (sockets.isEmpty()) {
      socket = UnixSocket.prepare(settings.socket(), settings.socketGroup());
    }
    SettingsProducer.use(settings, Histories.of(settings));
    prepareApplication();
    Libc libc = libraries.await();
    SettingsProducer.use(libc);
    sockets.forEach(each -> PASSED.put(each, each.adopt(libc)));
    requireGroup(settings.adminGroup(), libc);
    claim(settings, libc);
    notify = NotifySocket.in(System.getenv());
    System.setProperty("quarkus.log.category.\"io.sandboxd\".level", logLevel);
    Quarkus.run(Daemon.class);
  }

  /** What {@link Quarkus#run} begins with. It needs no libraries, so they are bound meanwhile. */
  private static void prepareApplication() {
    try {
      Class.forName(Application.APP_CLASS_NAME);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void requireGroup(String name, Syscalls syscalls) {
    if (name != null && syscalls.groupId(name) == null) {
      throw StartException.configuration(
          Setting.ADMIN_GROUP.key() + ": there is no group '" + name + "'.");
    }
  }

  /** What lies there and belongs to no sandbox of this daemon is put away: so it has to be ours. */
  private static void claim(Settings settings, Syscalls syscalls) {
    if (Directories.makeForLayers(settings.layerDir())) {
      DirectoryLock.take(syscalls, settings.layerDir(), "has its layers in " + settings.layerDir());
    }
    Path groups;
    try {
      groups = Cgroups.detect(Wiring.MOUNTINFO, settings.cgroupRoot(), syscalls).directory();
    } catch (IllegalStateException | ErrnoException e) {
      throw StartException.unavailable("It has no cgroups to work with: " + e.getMessage());
    }
    DirectoryLock.take(syscalls, groups, "has its cgroups below " + settings.cgroupRoot());
  }

  @Override
  public int run(String... arguments) throws Exception {
    listener = new HttpListener(vertx, this::opened);
    ending.prepare(this::end);
    try {
      open();
      Quarkus.waitForExit();
    } finally {
      ending.run();
    }
    return 0;
  }

  private void open() throws Exception {
    notify.tell("STATUS=Looking for the sandboxes of the former daemon.");
    if (socket != null) {
      // Who comes early is told to come again, rather than that nobody is here.
      listener.open(socket.bindPath());
      socket.publish();
      LOG.infof("serving on %s", settings.socket());
    }
    recover.recover();
    gate.open();
    for (Map.Entry<PassedSocket, Fd> each : PASSED.entrySet()) {
      // Who came early has waited in the socket's queue.
      listener.open(each.getValue());
      LOG.infof("serving on the socket passed as %s", each.getKey().name());
    }
    notify.tell("READY=1", "STATUS=Serving.");
    wiring.prepare();
    wiring.chores().execute(metrics::bind);
    List<Executor> threads = new ArrayList<>(wiring.loops());
    vertx.nettyEventLoopGroup().forEach(threads::add);
    long period = Watchdog.period(System.getenv(), ProcessHandle.current().pid());
    watchdog = new Watchdog(notify, period, threads);
  }

  private void end() {
    notify.tell("STOPPING=1", "STATUS=Answering the last requests.");
    try {
      if (socket != null) {
        socket.withdraw();
      }
    } catch (IOException e) {
      LOG.warnf("The socket cannot be taken away: %s", e.getMessage());
    }
    listener.close();
    if (watchdog != null) {
      watchdog.close();
    }
    lastRequests.await();
    run.close();
    blanks.close();
    audit.flush();
  }

  private void opened(HttpConnection connection) {
    peers.opened(connection);
    if (connectionLimits.admit(connection)) {
      idleConnections.opened(connection);
      stalledAnswers.opened(connection);
      halfClose.opened(connection);
      Pipelining.bound(connection);
    }
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
