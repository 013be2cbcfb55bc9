package io.sandboxd.daemon;

import io.sandboxd.api.AuditSink;
import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.cgroup.OomWatch;
import io.sandboxd.events.AuditLog;
import io.sandboxd.events.EventLog;
import io.sandboxd.launch.SandboxInit;
import io.sandboxd.launch.filter.Filters;
import io.sandboxd.lifecycle.AwaitEnd;
import io.sandboxd.lifecycle.Blanks;
import io.sandboxd.lifecycle.ClaimBlank;
import io.sandboxd.lifecycle.ConnectSandbox;
import io.sandboxd.lifecycle.CreateNetwork;
import io.sandboxd.lifecycle.CreateSandbox;
import io.sandboxd.lifecycle.DefaultLimits;
import io.sandboxd.lifecycle.DeleteNetwork;
import io.sandboxd.lifecycle.DeleteSandbox;
import io.sandboxd.lifecycle.DescribeLaunch;
import io.sandboxd.lifecycle.EnforceTimeout;
import io.sandboxd.lifecycle.ExecProcess;
import io.sandboxd.lifecycle.ExpireSandboxes;
import io.sandboxd.lifecycle.ExplainSandbox;
import io.sandboxd.lifecycle.FeedInput;
import io.sandboxd.lifecycle.FindLeaks;
import io.sandboxd.lifecycle.HostInterfaces;
import io.sandboxd.lifecycle.IdRanges;
import io.sandboxd.lifecycle.Inits;
import io.sandboxd.lifecycle.KillSandbox;
import io.sandboxd.lifecycle.LaunchInit;
import io.sandboxd.lifecycle.LaunchProcess;
import io.sandboxd.lifecycle.LaunchSandbox;
import io.sandboxd.lifecycle.Layers;
import io.sandboxd.lifecycle.LimitProcess;
import io.sandboxd.lifecycle.Links;
import io.sandboxd.lifecycle.ListNamespaces;
import io.sandboxd.lifecycle.ListNetworks;
import io.sandboxd.lifecycle.MakeBlank;
import io.sandboxd.lifecycle.MakeSandbox;
import io.sandboxd.lifecycle.MemoryPressure;
import io.sandboxd.lifecycle.NetworkFiles;
import io.sandboxd.lifecycle.Networks;
import io.sandboxd.lifecycle.OomKills;
import io.sandboxd.lifecycle.OpenSources;
import io.sandboxd.lifecycle.PauseSandbox;
import io.sandboxd.lifecycle.ReadOutput;
import io.sandboxd.lifecycle.ReadSecurity;
import io.sandboxd.lifecycle.ReadStats;
import io.sandboxd.lifecycle.RecordExit;
import io.sandboxd.lifecycle.RecoverNetworks;
import io.sandboxd.lifecycle.RecoverSandboxes;
import io.sandboxd.lifecycle.ResizeTerminal;
import io.sandboxd.lifecycle.ResolveProcess;
import io.sandboxd.lifecycle.RunSandbox;
import io.sandboxd.lifecycle.SandboxDevices;
import io.sandboxd.lifecycle.StartSandbox;
import io.sandboxd.lifecycle.Streams;
import io.sandboxd.lifecycle.TearDown;
import io.sandboxd.lifecycle.TellEvents;
import io.sandboxd.lifecycle.UpdateSandbox;
import io.sandboxd.linux.EpollLoop;
import io.sandboxd.linux.Libc;
import io.sandboxd.linux.Libseccomp;
import io.sandboxd.linux.Nftables;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.network.Cables;
import io.sandboxd.network.DeviceNames;
import io.sandboxd.network.Firewall;
import io.sandboxd.network.HostNetwork;
import io.sandboxd.network.HostPorts;
import io.sandboxd.registry.Records;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.registry.StateDirectory;
import io.sandboxd.registry.StoredRules;
import io.sandboxd.sandbox.Settings;
import io.sandboxd.sandbox.net.LinkStatus;
import io.sandboxd.sandbox.net.NetworkStatus;
import io.sandboxd.sandbox.rules.PolicyRules;
import io.sandboxd.sandbox.rules.SpecValidator;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;

/**
 * Puts the parts together, once, by hand: the whole of the engine can be read here from the bottom
 * to the top. The parts themselves know nothing of the container, which is given those that it
 * passes on.
 */
@Singleton
public final class Wiring {
  static final Path MOUNTINFO = Path.of("/proc/self/mountinfo");

  @Produces @Singleton final Syscalls syscalls;
  @Produces @Singleton final EventLog events;
  @Produces @Singleton final AuditLog audit;
  @Produces @Singleton final SandboxRegistry registry;
  @Produces @Singleton final Cgroups cgroups;
  private final EpollLoop reaper;

  /** For what clients do, and their streams. */
  @Produces @Singleton final EpollLoop output;

  @Produces @Singleton final StartSandbox start;
  @Produces @Singleton final LaunchSandbox launchSandbox;
  @Produces @Singleton final RunSandbox run;
  @Produces @Singleton final ExplainSandbox explain;
  @Produces @Singleton final ExecProcess exec;
  @Produces @Singleton final KillSandbox kill;
  @Produces @Singleton final PauseSandbox pause;
  @Produces @Singleton final UpdateSandbox update;
  @Produces @Singleton final DeleteSandbox delete;
  @Produces @Singleton final AwaitEnd awaitEnd;
  @Produces @Singleton final ReadSecurity security;
  @Produces @Singleton final ReadStats stats;
  @Produces @Singleton final FindLeaks leaks;
  @Produces @Singleton final Blanks blanks;
  @Produces @Singleton final Links links;
  @Produces @Singleton final CreateNetwork createNetwork;
  @Produces @Singleton final DeleteNetwork deleteNetwork;
  @Produces @Singleton final ListNetworks listNetworks;
  @Produces @Singleton final RecoverSandboxes recover;
  @Produces @Singleton final SpecValidator validator;
  @Produces @Singleton final ListNamespaces listNamespaces;
  @Produces @Singleton final ReadOutput readOutput;
  @Produces @Singleton final FeedInput feedInput;
  @Produces @Singleton final ResizeTerminal resizeTerminal;
  private final ResolveProcess resolve;
  private final ScheduledThreadPoolExecutor timer =
      new ScheduledThreadPoolExecutor(1, task -> daemonThread(task, "timer"));
  private final Executor chores =
      new Chores(Executors.newCachedThreadPool(task -> daemonThread(task, "chore")), timer);

  Wiring(Settings settings, Libc libc, Histories histories) {
    syscalls = libc;
    timer.prestartAllCoreThreads();
    StateDirectory directory = new StateDirectory(settings.stateDir());
    events = histories.events().join();
    audit = new AuditLog(histories.calls().join());
    PolicyRules policy =
        new PolicyRules(settings.policy(), settings.defaultLimits(), settings.outputRetention());
    TellEvents tell = new TellEvents(events);
    registry = new SandboxRegistry(directory, tell);
    cgroups = Cgroups.detect(MOUNTINFO, settings.cgroupRoot(), syscalls);
    Layers layers = new Layers(syscalls, settings.layerDir());
    IdRanges idRanges = new IdRanges(settings.idBase());
    reaper = new EpollLoop(syscalls, "reaper");
    reaper.start();
    Inits inits = new Inits(syscalls, reaper, timer, directory);
    output = new EpollLoop(syscalls, "streams");
    output.start();
    Streams streams = new Streams(syscalls, output, timer, directory, inits);
    LimitProcess limits = new LimitProcess(syscalls, cgroups);
    OomWatch oomWatch = new OomWatch(syscalls, output, timer, chores);
    OomKills oomKills = new OomKills(cgroups, oomWatch, tell);
    RecordExit recordExit = new RecordExit(inits, cgroups, streams, limits, oomKills, chores);
    DeviceNames deviceNames = new DeviceNames(settings.stateDir().toString());
    HostNetwork hostNetwork = new HostNetwork(syscalls, deviceNames);
    Firewall firewall = new Firewall(new Nftables(), deviceNames.table());
    Cables cables = new Cables(syscalls);
    Networks networks =
        new Networks(
            new Records<>(
                settings.stateDir().resolve("networks"),
                "network",
                NetworkStatus.class,
                network -> {
                  StoredRules.check(network);
                  deviceNames.requireOurs(network.bridge());
                }));
    links =
        new Links(
            registry,
            new Records<>(
                settings.stateDir().resolve("links"), "link", LinkStatus.class, StoredRules::check),
            inits,
            cables);
    createNetwork =
        new CreateNetwork(networks, deviceNames, hostNetwork, firewall, settings.networkPool());
    deleteNetwork = new DeleteNetwork(networks, hostNetwork, firewall);
    listNetworks = new ListNetworks(networks, registry);
    ConnectSandbox connect =
        new ConnectSandbox(
            networks, links, inits, deviceNames, hostNetwork, cables, firewall, new HostPorts());
    TearDown tearDown =
        new TearDown(registry, inits, cgroups, layers, idRanges, connect, recordExit, streams);
    OpenSources openSources = new OpenSources(syscalls, registry, inits, layers, policy);
    EnforceTimeout timeouts = new EnforceTimeout(syscalls, inits, cgroups, timer, chores);
    Filters filters = new Filters(new Libseccomp(libc));
    DescribeLaunch describe = new DescribeLaunch(cgroups, openSources, filters);
    DefaultLimits defaultLimits = new DefaultLimits(cgroups, settings.defaultLimits());
    SandboxDevices devices = new SandboxDevices(syscalls);
    resolve = new ResolveProcess(syscalls, inits, filters);
    LaunchProcess launch =
        new LaunchProcess(
            syscalls,
            inits,
            resolve,
            streams,
            limits,
            timeouts,
            settings.outputRetention(),
            settings.keptProcesses());

    validator = new SpecValidator();
    delete = new DeleteSandbox(registry, tearDown);
    ExpireSandboxes expire = new ExpireSandboxes(timer, chores, delete);
    LaunchInit launchInit = new LaunchInit(syscalls, new SandboxInit(syscalls), inits);
    MakeBlank makeBlank =
        new MakeBlank(
            syscalls, directory, cgroups, idRanges, launchInit, inits, openSources, reaper);
    blanks = new Blanks(settings.pool(), makeBlank, chores, timer);
    if (settings.pool() > 0) {
      MemoryPressure.watch(syscalls, output, chores, blanks::giveWay);
    }
    MakeSandbox make =
        new MakeSandbox(
            directory,
            cgroups,
            layers,
            idRanges,
            launchInit,
            inits,
            openSources,
            describe,
            connect,
            new NetworkFiles(syscalls, directory, registry, networks),
            recordExit,
            streams,
            blanks,
            new ClaimBlank(directory, inits, recordExit, blanks));
    CreateSandbox create =
        new CreateSandbox(
            registry,
            policy,
            cgroups,
            inits,
            describe,
            defaultLimits,
            devices,
            tearDown,
            expire,
            blanks,
            make);
    start = new StartSandbox(policy, launch);
    launchSandbox = new LaunchSandbox(registry, create, start, expire, blanks);
    run = new RunSandbox(registry, launchSandbox, expire, cgroups, chores);
    explain =
        new ExplainSandbox(
            syscalls,
            policy,
            cgroups,
            layers,
            idRanges,
            inits,
            openSources,
            describe,
            defaultLimits,
            devices,
            resolve,
            networks);
    exec = new ExecProcess(policy, launch);
    awaitEnd = new AwaitEnd(inits);
    kill = new KillSandbox(syscalls, cgroups);
    listNamespaces = new ListNamespaces(registry);
    readOutput = new ReadOutput(streams);
    feedInput = new FeedInput(streams);
    resizeTerminal = new ResizeTerminal(streams);
    pause = new PauseSandbox(cgroups);
    update = new UpdateSandbox(policy, cgroups, connect, expire);
    security = new ReadSecurity(syscalls, inits, cgroups, devices);
    stats = new ReadStats(registry, cgroups, inits, connect, syscalls);
    leaks =
        new FindLeaks(
            registry,
            directory,
            cgroups,
            layers,
            new HostInterfaces(registry, networks, deviceNames, hostNetwork),
            blanks,
            inits);
    recover =
        new RecoverSandboxes(
            syscalls,
            registry,
            directory,
            cgroups,
            leaks,
            new RecoverNetworks(networks, links, connect, hostNetwork, firewall),
            idRanges,
            inits,
            recordExit,
            tearDown,
            expire,
            streams,
            timeouts,
            events);
  }

  /** Begins with what the first sandbox would else have to wait for, and no other request. */
  void prepare() {
    chores.execute(resolve::prepare);
    chores.execute(validator::prepare);
  }

  /** Whose threads may wait. */
  Executor chores() {
    return chores;
  }

  /** The threads that all sandboxes depend on. */
  List<Executor> loops() {
    return List.of(reaper, output);
  }

  private static Thread daemonThread(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  @Produces
  @Singleton
  AuditSink auditSink() {
    return Journal.in(System.getenv());
  }
}
