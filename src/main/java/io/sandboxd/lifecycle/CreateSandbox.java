package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroup;
import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.cgroup.DeviceRule;
import io.sandboxd.launch.BlankKind;
import io.sandboxd.launch.InitChannel;
import io.sandboxd.launch.LaunchPlanner;
import io.sandboxd.launch.LaunchRequest;
import io.sandboxd.launch.Plan;
import io.sandboxd.linux.Fd;
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
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jboss.logging.Logger;

/**
 * Makes a sandbox: cgroup, namespaces, mounts, and an init in the middle of them that waits. No
 * user code runs yet. It is made whole or not at all.
 */
public final class CreateSandbox {
  private static final Logger LOG = Logger.getLogger(CreateSandbox.class);

  private final SandboxRegistry registry;
  private final StateDirectory directory;
  private final PolicyRules policy;
  private final Cgroups cgroups;
  private final Layers layers;
  private final IdRanges idRanges;
  private final LaunchInit launch;
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
  private final Blanks blanks;
  private final ClaimBlank claim;

  public CreateSandbox(
      SandboxRegistry registry,
      StateDirectory directory,
      PolicyRules policy,
      Cgroups cgroups,
      Layers layers,
      IdRanges idRanges,
      LaunchInit launch,
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
      Streams streams,
      Blanks blanks,
      ClaimBlank claim) {
    this.registry = registry;
    this.directory = directory;
    this.policy = policy;
    this.cgroups = cgroups;
    this.layers = layers;
    this.idRanges = idRanges;
    this.launch = launch;
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
    this.blanks = blanks;
    this.claim = claim;
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
    Request request = new Request(spec, resources, allowed, key, caller, times);
    blanks.begun();
    try {
      return createOfBlank(request).orElseGet(() -> createAnew(request));
    } finally {
      blanks.ended();
    }
  }

  /**
   * @param spec as it was admitted
   * @param allowed devices; null for all
   */
  private record Request(
      SandboxSpec spec,
      Resources resources,
      List<DeviceRule> allowed,
      RequestKey key,
      Caller caller,
      StageTimes times) {}

  /** Empty if that cannot be done; whether it can be done without one is not known then. */
  private Optional<Sandbox> createOfBlank(Request request) {
    Optional<Blank> taken = BlankKind.of(request.spec()).flatMap(blanks::take);
    if (taken.isEmpty()) {
      return Optional.empty();
    }
    Blank blank = taken.get();
    try {
      return Optional.of(create(request, blank));
    } catch (RuntimeException e) {
      if (blanks.owns(blank)) {
        blanks.putBack(blank); // it was the name, for example, that could not be had
        throw e;
      }
      if (isLeft(e)) {
        throw e;
      }
      LOG.debugf("What could not be made of a blank is made anew: %s", e.getMessage());
      return Optional.empty();
    }
  }

  private Sandbox createAnew(Request request) {
    try {
      return create(request, null);
    } catch (RuntimeException e) {
      if (!isLeft(e) && Shortage.isIn(e) && blanks.giveWay()) {
        return create(request, null);
      }
      throw e;
    }
  }

  /** Then it has the name still. */
  private static boolean isLeft(RuntimeException failure) {
    return failure instanceof SandboxException told && told.fields().containsKey("undoFailed");
  }

  /**
   * @param blank to make it of; null for none
   */
  private Sandbox create(Request request, Blank blank) {
    SandboxSpec spec = request.spec();
    String id = blank == null ? SandboxIds.random() : blank.id();
    String name = spec.name() == null ? SandboxIds.nameOf(id) : spec.name();
    return registry.reserve(
        SandboxStatus.creating(id, name, spec, Instant.now())
            .change()
            .resources(request.resources())
            .owner(request.caller().owner())
            .requestKey(request.key())
            .build(),
        had -> policy.requireRoom(had, request.caller()),
        sandbox -> {
          if (blank != null) {
            blanks.release(blank);
          }
          try {
            Fault.CREATE_RESERVED.here(sandbox);
            make(sandbox, request, blank);
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

  private void make(Sandbox sandbox, Request request, Blank blank) {
    SandboxSpec spec = request.spec();
    Caller caller = request.caller();
    StageTimes times = request.times();
    boolean claimed = blank != null;
    if (claimed) {
      claim.claim(sandbox, blank, request.allowed());
    }
    IdMappings ids = claimed ? blank.ids() : idMappings(spec, caller);
    // On record before anything else is made: what is not known cannot be given back.
    String path = cgroups.of(sandbox.id()).path();
    List<InterfaceStatus> interfaces = networks.reserve(sandbox.id(), spec, caller);
    sandbox.update(s -> s.change().idMappings(ids).interfaces(interfaces).cgroup(path).build());
    Cgroup cgroup = claimed ? blank.cgroup() : cgroup(sandbox, request.allowed());
    if (spec.root() != null && Boolean.TRUE.equals(spec.root().overlay())) {
      layers.create(sandbox.id(), Path.of(spec.root().path()));
    }
    Fault.CREATE_LAYER.here(sandbox);
    times.done(claimed ? "blank" : "cgroup");
    LaunchRequest plans =
        describe.request(spec, sandbox.name(), cgroup, ids, networkFiles.of(sandbox));
    streams.watch(sandbox);
    recordExit.watch(sandbox, 0L);
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
    run(sandbox, inits.channel(sandbox), furnish, caller);
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

  private Cgroup cgroup(Sandbox sandbox, List<DeviceRule> allowed) {
    Cgroup cgroup = cgroups.create(sandbox.id());
    cgroup.apply(sandbox.status().resources());
    if (allowed != null) {
      cgroup.devices().allowOnly(allowed);
    }
    Fault.CREATE_CGROUP.here(sandbox);
    return cgroup;
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
              return run(sandbox, channel, plan, caller);
            },
            Fault.CREATE_SPAWNED,
            Fault.CREATE_ENTERED);
    inits.hold(sandbox, launched.pidfd(), () -> recordExit.initDied(sandbox));
    sandbox.update(
        s -> s.change().pid(launched.pid()).initStartTicks(launched.startTicks()).build());
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
