package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.cgroup.DeviceRule;
import io.sandboxd.launch.BlankKind;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.RequestKey;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.SandboxStatus;
import io.sandboxd.sandbox.SandboxStatusBuilder;
import io.sandboxd.sandbox.rules.PolicyRules;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Makes a sandbox: cgroup, namespaces, mounts, and an init in the middle of them that waits. No
 * user code runs yet. It is made whole or not at all.
 */
public final class CreateSandbox {
  private static final Logger LOG = Logger.getLogger(CreateSandbox.class);

  private final SandboxRegistry registry;
  private final PolicyRules policy;
  private final Cgroups cgroups;
  private final Inits inits;
  private final DescribeLaunch describe;
  private final DefaultLimits limits;
  private final SandboxDevices devices;
  private final TearDown tearDown;
  private final ExpireSandboxes expire;
  private final Blanks blanks;
  private final MakeSandbox make;

  public CreateSandbox(
      SandboxRegistry registry,
      PolicyRules policy,
      Cgroups cgroups,
      Inits inits,
      DescribeLaunch describe,
      DefaultLimits limits,
      SandboxDevices devices,
      TearDown tearDown,
      ExpireSandboxes expire,
      Blanks blanks,
      MakeSandbox make) {
    this.registry = registry;
    this.policy = policy;
    this.cgroups = cgroups;
    this.inits = inits;
    this.describe = describe;
    this.limits = limits;
    this.devices = devices;
    this.tearDown = tearDown;
    this.expire = expire;
    this.blanks = blanks;
    this.make = make;
  }

  /**
   * @param asked validated
   * @param ephemeral whether it is to go with this request
   * @param key to keep with it; null for none
   * @param caller whose it will be
   * @param times for its stages
   * @throws SandboxException {@code name_in_use}; {@code invalid_spec} for what this host cannot
   *     do; {@code launch_failed} for what the kernel refuses, with {@code undoFailed} if something
   *     is left; {@code not_permitted}
   */
  public Sandbox create(
      SandboxSpec asked, boolean ephemeral, RequestKey key, Caller caller, StageTimes times) {
    SandboxSpec spec = policy.admit(asked, caller);
    Resources resources = limits.with(spec.resources());
    cgroups.check(resources);
    List<DeviceRule> allowed = devices.rules(spec);
    checkMain(spec.process());
    describe.check(spec, caller);
    times.done("check");
    CreateRequest request =
        new CreateRequest(spec, resources, allowed, ephemeral, key, caller, times);
    return createOfBlank(request).orElseGet(() -> createAnew(request));
  }

  /** Empty if that cannot be done; whether it can be done without one is not known then. */
  private Optional<Sandbox> createOfBlank(CreateRequest request) {
    Optional<Blank> taken = BlankKind.of(request.spec()).flatMap(blanks::take);
    if (taken.isEmpty()) {
      return Optional.empty();
    }
    Blank blank = taken.get();
    try {
      return Optional.of(create(request, blank));
    } catch (RuntimeException e) {
      boolean unused = blanks.owns(blank);
      if (unused) {
        blanks.putBack(blank);
      }
      if (unused ? !Shortage.isIn(e) : isLeft(request)) {
        throw e; // it is the name, for example, that cannot be had
      }
      LOG.debugf("What could not be made of a blank is made anew: %s", e.getMessage());
      return Optional.empty();
    }
  }

  private Sandbox createAnew(CreateRequest request) {
    try {
      return create(request, null);
    } catch (RuntimeException e) {
      if (!isLeft(request) && Shortage.isIn(e) && blanks.giveWay()) {
        return create(request, null);
      }
      throw e;
    }
  }

  /** What could not be undone has the name still, whatever the failure was. */
  private boolean isLeft(CreateRequest request) {
    String name = request.spec().name();
    return name != null && registry.find(name).isPresent();
  }

  /**
   * @param blank to make it of; null for none
   */
  private Sandbox create(CreateRequest request, Blank blank) {
    SandboxSpec spec = request.spec();
    String id = blank == null ? SandboxIds.random() : blank.id();
    String name = spec.name() == null ? SandboxIds.nameOf(id) : spec.name();
    SandboxStatusBuilder creating =
        SandboxStatus.creating(id, name, spec, Instant.now())
            .change()
            .resources(request.resources())
            .owner(request.caller().owner())
            .ephemeral(request.ephemeral())
            .requestKey(request.key());
    return registry.reserve(
        (blank == null ? creating : blank.describe(creating)).build(),
        had -> policy.requireRoom(had, request.caller()),
        sandbox -> {
          if (blank != null) {
            blanks.release(blank);
          }
          try {
            Fault.CREATE_RESERVED.here(sandbox);
            make.make(sandbox, request, blank);
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
}
