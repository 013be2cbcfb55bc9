package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroup;
import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.cgroup.DeviceRule;
import io.sandboxd.launch.InitChannel;
import io.sandboxd.launch.LaunchPlanner;
import io.sandboxd.launch.LaunchRequest;
import io.sandboxd.launch.Plan;
import io.sandboxd.launch.SandboxInit;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.registry.StateDirectory;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.RequestKey;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxSpec.IdMappings;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.SandboxStatus;
import io.sandboxd.sandbox.net.InterfaceStatus;
import io.sandboxd.sandbox.rules.PolicyRules;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Makes a sandbox: cgroup, namespaces, mounts, and an init in the middle of them that waits. No
 * user code runs yet. It is made whole or not at all.
 */
public final class CreateSandbox {
  private final Syscalls syscalls;
  private final SandboxRegistry registry;
  private final StateDirectory directory;
  private final PolicyRules policy;
  private final Cgroups cgroups;
  private final Layers layers;
  private final IdRanges idRanges;
  private final SandboxInit init;
  private final Inits inits;
  private final OpenSources openSources;
  private final DescribeLaunch describe;
  private final DefaultLimits limits;
  private final SandboxDevices devices;
  private final ConnectSandbox networks;
  private final NetworkFiles networkFiles;
  private final RecordExit recordExit;
  private final TearDown tearDown;
  private final ExpireSandboxes expire;
  private final Streams streams;

  public CreateSandbox(
      Syscalls syscalls,
      SandboxRegistry registry,
      StateDirectory directory,
      PolicyRules policy,
      Cgroups cgroups,
      Layers layers,
      IdRanges idRanges,
      SandboxInit init,
      Inits inits,
      OpenSources openSources,
      DescribeLaunch describe,
      DefaultLimits limits,
      SandboxDevices devices,
      ConnectSandbox networks,
      NetworkFiles networkFiles,
      RecordExit recordExit,
      TearDown tearDown,
      ExpireSandboxes expire,
      Streams streams) {
    this.syscalls = syscalls;
    this.registry = registry;
    this.directory = directory;
    this.policy = policy;
    this.cgroups = cgroups;
    this.layers = layers;
    this.idRanges = idRanges;
    this.init = init;
    this.inits = inits;
    this.openSources = openSources;
    this.describe = describe;
    this.limits = limits;
    this.devices = devices;
    this.networks = networks;
    this.networkFiles = networkFiles;
    this.recordExit = recordExit;
    this.tearDown = tearDown;
    this.expire = expire;
    this.streams = streams;
  }

  /**
   * @param asked validated
   * @param key to keep with it; null for none
   * @param caller whose it will be
   * @param times for its stages
   * @throws SandboxException {@code name_in_use}; {@code invalid_spec} for what this host cannot
   *     do; {@code launch_failed} for what the kernel refuses, with {@code undoFailed} if something
   *     is left; {@code not_permitted}
   */
  public Sandbox create(SandboxSpec asked, RequestKey key, Caller caller, StageTimes times) {
    SandboxSpec spec = policy.admit(asked, caller);
    Resources resources = limits.with(spec.resources());
    cgroups.check(resources);
    List<DeviceRule> allowed = devices.rules(spec);
    checkMain(spec.process());
    describe.check(spec, caller);
    times.done("check");
    String id = SandboxIds.random();
    String name = spec.name() == null ? SandboxIds.nameOf(id) : spec.name();
    return registry.reserve(
        SandboxStatus.creating(id, name, spec, Instant.now())
            .change()
            .resources(resources)
            .owner(caller.owner())
            .requestKey(key)
            .build(),
        had -> policy.requireRoom(had, caller),
        sandbox -> {
          try {
            Fault.CREATE_RESERVED.here(sandbox);
            make(sandbox, spec, allowed, caller, times);
            Fault.CREATE_DONE.here(sandbox);
            expire.watch(sandbox);
            return sandbox;
          } catch (RuntimeException e) {
            RuntimeException reason = inits.reason(sandbox, e);
            undo(sandbox, reason);
            throw reason;
          }
        });
  }

  private void checkMain(ProcessSpec main) {
    try {
      cgroups.checkChild(main == null ? null : main.resources());
    } catch (SandboxException e) {
      throw e.within("process");
    }
  }

  private void undo(Sandbox sandbox, RuntimeException failure) {
    sandbox.updateIf(
        EnumSet.of(SandboxState.CREATING, SandboxState.CREATED, SandboxState.BROKEN),
        s -> s.withState(SandboxState.DELETING));
    List<String> left = tearDown.run(sandbox, "failed create");
    if (!left.isEmpty() && failure instanceof SandboxException told) {
      told.with("undoFailed", left);
    }
  }

  private void make(
      Sandbox sandbox,
      SandboxSpec spec,
      List<DeviceRule> allowed,
      Caller caller,
      StageTimes times) {
    IdMappings ids = idMappings(spec, caller);
    // On record before anything else is made: what is not known cannot be given back.
    String path = cgroups.of(sandbox.id()).path();
    List<InterfaceStatus> interfaces = networks.reserve(sandbox.id(), spec, caller);
    sandbox.update(s -> s.change().idMappings(ids).interfaces(interfaces).cgroup(path).build());
    Cgroup cgroup = cgroups.create(sandbox.id());
    cgroup.apply(sandbox.status().resources());
    if (allowed != null) {
      cgroup.devices().allowOnly(allowed);
    }
    Fault.CREATE_CGROUP.here(sandbox);
    if (spec.root() != null && Boolean.TRUE.equals(spec.root().overlay())) {
      layers.create(sandbox.id(), Path.of(spec.root().path()));
    }
    Fault.CREATE_LAYER.here(sandbox);
    times.done("cgroup");
    LaunchRequest request =
        describe.request(spec, sandbox.name(), cgroup, ids, networkFiles.of(sandbox));
    streams.watch(sandbox);
    recordExit.watch(sandbox, 0L);
    enter(sandbox, LaunchPlanner.enter(request), ids, caller);
    times.done("namespaces");
    Fault.CREATE_RECORDED.here(sandbox);
    if (spec.network() != null) {
      networks.connect(sandbox, caller);
      times.done("network");
    }
    Fault.CREATE_CONNECTED.here(sandbox);
    run(sandbox, inits.channel(sandbox), LaunchPlanner.furnish(request), caller);
    times.done("furnish");
    Fault.CREATE_FURNISHED.here(sandbox);
    sandbox.update(
        s ->
            s.change()
                .namespaces(NamespacesOfProcess.read(s.pid(), spec))
                .state(SandboxState.CREATED)
                .build());
    times.done("record");
    // Had it died before, nobody would have taken notice.
    inits.requireAlive(sandbox);
  }

  private IdMappings idMappings(SandboxSpec spec, Caller caller) {
    boolean own = spec.namespace(NamespaceType.USER).isNew();
    if (own && spec.idMappings() == null) {
      return idRanges.take();
    }
    IdMappings given = own ? spec.idMappings() : describe.idMappingsOfJoined(spec, caller);
    idRanges.keep(given);
    return given;
  }

  /** Starts init, has it enter the namespaces, and gets hold of what it has become there. */
  private void enter(Sandbox sandbox, Plan plan, IdMappings ids, Caller caller) {
    int launcher = init.start(directory.initSocket(sandbox.id()).toString(), sandbox.name());
    Fault.CREATE_SPAWNED.here(sandbox);
    int pid;
    try {
      InitChannel channel =
          inits.connect(sandbox, recordExit.listener(sandbox, new CompletableFuture<>()));
      pid = run(sandbox, channel, plan, caller);
    } catch (RuntimeException e) {
      endLauncher(launcher);
      throw e;
    }
    Fault.CREATE_ENTERED.here(sandbox);
    syscalls.reapChild(launcher);
    OomScore.reset(syscalls, pid);
    inits.hold(sandbox, syscalls.pidfdOpen(pid), () -> recordExit.initDied(sandbox));
    long startTicks = inits.startTicks(sandbox, pid);
    sandbox.update(s -> s.change().pid(pid).initStartTicks(startTicks).build());
    if (sandbox.status().spec().namespace(NamespaceType.USER).isNew()) {
      HostIds.write(syscalls, pid, ids);
    }
  }

  /** Not reaped yet, so the pid is still its own. */
  private void endLauncher(int launcher) {
    try {
      inits.end(syscalls.pidfdOpen(launcher));
    } catch (ErrnoException e) {
      syscalls.endChild(launcher); // no descriptor is left to wait with
    }
  }

  private int run(Sandbox sandbox, InitChannel channel, Plan plan, Caller caller) {
    List<Fd> fds = openSources.open(sandbox, plan.fds(), caller);
    try {
      return channel.run(plan, fds);
    } finally {
      fds.forEach(Fd::close);
    }
  }
}
