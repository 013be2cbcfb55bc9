package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroup;
import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.cgroup.DeviceRule;
import io.sandboxd.launch.InitChannel;
import io.sandboxd.launch.LaunchPlanner;
import io.sandboxd.launch.LaunchRequest;
import io.sandboxd.launch.Plan;
import io.sandboxd.linux.Fd;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.StateDirectory;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxSpec.IdMappings;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.net.InterfaceStatus;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Makes what a sandbox consists of: cgroup, namespaces, mounts, and an init in the middle of them
 * that waits.
 */
public final class MakeSandbox {
  private final StateDirectory directory;
  private final Cgroups cgroups;
  private final Layers layers;
  private final IdRanges idRanges;
  private final LaunchInit launch;
  private final Inits inits;
  private final OpenSources openSources;
  private final DescribeLaunch describe;
  private final ConnectSandbox networks;
  private final NetworkFiles networkFiles;
  private final RecordExit recordExit;
  private final Streams streams;
  private final Blanks blanks;
  private final ClaimBlank claim;

  public MakeSandbox(
      StateDirectory directory,
      Cgroups cgroups,
      Layers layers,
      IdRanges idRanges,
      LaunchInit launch,
      Inits inits,
      OpenSources openSources,
      DescribeLaunch describe,
      ConnectSandbox networks,
      NetworkFiles networkFiles,
      RecordExit recordExit,
      Streams streams,
      Blanks blanks,
      ClaimBlank claim) {
    this.directory = directory;
    this.cgroups = cgroups;
    this.layers = layers;
    this.idRanges = idRanges;
    this.launch = launch;
    this.inits = inits;
    this.openSources = openSources;
    this.describe = describe;
    this.networks = networks;
    this.networkFiles = networkFiles;
    this.recordExit = recordExit;
    this.streams = streams;
    this.blanks = blanks;
    this.claim = claim;
  }

  /**
   * @param sandbox that is on record, with nothing made but the blank
   * @param blank to make it of; null for none
   * @throws RuntimeException with any part of it made
   */
  void make(Sandbox sandbox, CreateRequest request, Blank blank) {
    SandboxSpec spec = request.spec();
    Caller caller = request.caller();
    StageTimes times = request.times();
    boolean claimed = blank != null;
    Supplier<List<InterfaceStatus>> interfaces = () -> networks.reserve(sandbox.id(), spec, caller);
    IdMappings ids = claimed ? blank.ids() : idMappings(spec, caller);
    Cgroup cgroup =
        claimed
            ? claim.claim(sandbox, blank, request.allowed(), interfaces)
            : cgroup(sandbox, ids, request.allowed(), interfaces);
    if (spec.root() != null && Boolean.TRUE.equals(spec.root().overlay())) {
      layers.create(sandbox.id(), Path.of(spec.root().path()));
    }
    Fault.CREATE_LAYER.here(sandbox);
    times.done(claimed ? "blank" : "cgroup");
    LaunchRequest plans =
        describe.request(
            spec,
            sandbox.name(),
            claimed ? List.of() : cgroup.entrances(),
            ids,
            networkFiles.of(sandbox));
    if (!claimed) {
      enter(sandbox, LaunchPlanner.enter(plans), ids, caller);
      times.done("namespaces");
    }
    Fault.CREATE_RECORDED.here(sandbox);
    if (spec.network() != null) {
      networks.connect(sandbox, caller);
      times.done("network");
    }
    Fault.CREATE_CONNECTED.here(sandbox);
    Plan furnish =
        claimed ? LaunchPlanner.furnishBlank(plans, sandbox.name()) : LaunchPlanner.furnish(plans);
    run(sandbox, inits.channel(sandbox), furnish, caller, () -> watch(sandbox));
    times.done("furnish");
    Fault.CREATE_FURNISHED.here(sandbox);
    Map<NamespaceType, Long> known = claimed ? blank.namespaces() : Map.of();
    sandbox.update(
        s ->
            s.change()
                .namespaces(NamespacesOfProcess.read(s.pid(), spec, known))
                .state(SandboxState.CREATED)
                .build());
    times.done("record");
    // Had it died before, nobody would have taken notice.
    inits.requireAlive(sandbox);
  }

  private Cgroup cgroup(
      Sandbox sandbox,
      IdMappings ids,
      List<DeviceRule> allowed,
      Supplier<List<InterfaceStatus>> interfaces) {
    // On record before anything else is made: what is not known cannot be given back.
    String path = cgroups.of(sandbox.id()).path();
    List<InterfaceStatus> reserved = reserve(interfaces, ids);
    sandbox.update(s -> s.change().idMappings(ids).interfaces(reserved).cgroup(path).build());
    Cgroup cgroup = cgroups.create(sandbox.id());
    cgroup.apply(sandbox.status().resources());
    if (allowed != null) {
      cgroup.devices().allowOnly(allowed);
    }
    Fault.CREATE_CGROUP.here(sandbox);
    return cgroup;
  }

  /** Ids that are not on record yet nobody else would give back. */
  private List<InterfaceStatus> reserve(
      Supplier<List<InterfaceStatus>> interfaces, IdMappings ids) {
    try {
      return interfaces.get();
    } catch (RuntimeException e) {
      idRanges.giveBack(ids);
      throw e;
    }
  }

  private IdMappings idMappings(SandboxSpec spec, Caller caller) {
    boolean own = spec.namespace(NamespaceType.USER).isNew();
    if (own && spec.idMappings() == null) {
      return takeRange();
    }
    IdMappings given = own ? spec.idMappings() : describe.idMappingsOfJoined(spec, caller);
    idRanges.keep(given);
    return given;
  }

  private IdMappings takeRange() {
    try {
      return idRanges.take();
    } catch (SandboxException e) {
      if (blanks.giveWay()) {
        return idRanges.take();
      }
      throw e;
    }
  }

  private void enter(Sandbox sandbox, Plan plan, IdMappings ids, Caller caller) {
    boolean own = sandbox.status().spec().namespace(NamespaceType.USER).isNew();
    LaunchInit.Launched launched =
        launch.launch(
            directory.initSocket(sandbox.id()),
            sandbox.name(),
            own ? ids : null,
            () -> {
              InitChannel channel =
                  inits.connect(sandbox, recordExit.listener(sandbox, new CompletableFuture<>()));
              return run(sandbox, channel, plan, caller, () -> {});
            },
            Fault.CREATE_SPAWNED,
            Fault.CREATE_ENTERED);
    inits.hold(sandbox, launched.pidfd(), () -> recordExit.initDied(sandbox));
    sandbox.update(
        s -> s.change().pid(launched.pid()).initStartTicks(launched.startTicks()).build());
  }

  private void watch(Sandbox sandbox) {
    streams.watch(sandbox);
    recordExit.watch(sandbox, 0L);
  }

  private int run(
      Sandbox sandbox, InitChannel channel, Plan plan, Caller caller, Runnable meanwhile) {
    List<Fd> fds = openSources.open(sandbox, plan.fds(), caller);
    try {
      return channel.run(plan, fds, meanwhile);
    } finally {
      fds.forEach(Fd::close);
    }
  }
}
