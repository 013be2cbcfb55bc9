package io.sandboxd.lifecycle;

import io.sandboxd.lifecycle.LaunchProcess.Order;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.ExecRequest;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.RequestKey;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.rules.PolicyRules;
import java.util.EnumSet;
import java.util.Optional;
import java.util.function.Supplier;

/** Runs one more process in a living sandbox. */
public final class ExecProcess {
  private static final EnumSet<SandboxState> ALIVE =
      EnumSet.of(SandboxState.CREATED, SandboxState.RUNNING);

  private final PolicyRules policy;
  private final LaunchProcess launch;

  public ExecProcess(PolicyRules policy, LaunchProcess launch) {
    this.policy = policy;
    this.launch = launch;
  }

  /**
   * Back when the process runs (or has ended already).
   *
   * @param key null, or what the client calls this request: asked for again, it gives the process
   *     that there is
   * @param times for its stages
   * @throws SandboxException {@code wrong_state}, {@code name_in_use}, {@code launch_failed},
   *     {@code key_reused}, {@code not_permitted}
   */
  public SandboxProcess exec(
      Sandbox sandbox, ExecRequest request, RequestKey key, Caller caller, StageTimes times) {
    Optional<SandboxProcess> known = earlier(sandbox, key);
    if (known.isPresent()) {
      return again(known.get(), request);
    }
    // At once: a verb that is under way would else be waited for.
    requireAlive(sandbox);
    ProcessSpec main = sandbox.status().spec().process();
    ProcessSpec spec =
        policy.admit(
            ResolveProcess.beside(main, request.process()), sandbox.status().spec(), caller);
    long head = request.waits() ? request.outputLimit() : 0;
    times.done("check");
    Order order =
        new Order(request.id(), spec, request.inputBytes(), request.waits(), head, key, times);
    Supplier<SandboxProcess> verb =
        () ->
            earlier(sandbox, key)
                .map(same -> again(same, request))
                .orElseGet(
                    () -> {
                      requireAlive(sandbox);
                      SandboxProcess made = launch.launch(sandbox, order);
                      made.announce(() -> {}, () -> {});
                      return made;
                    });
    // Init is lent the score while it forks, so no other fork may come in between.
    boolean alone = key != null || spec.oomScoreAdj() != null;
    SandboxProcess process = alone ? sandbox.exclusively(verb) : sandbox.together(verb);
    times.done("record");
    return process;
  }

  private static SandboxProcess again(SandboxProcess known, ExecRequest request) {
    if (request.waits()) {
      known.keepForAnswer();
    }
    return known;
  }

  private static void requireAlive(Sandbox sandbox) {
    sandbox.require(ALIVE, "processes can be run only in one that is created or running");
  }

  private static Optional<SandboxProcess> earlier(Sandbox sandbox, RequestKey key) {
    if (key == null) {
      return Optional.empty();
    }
    Optional<SandboxProcess> same =
        sandbox.processes().stream()
            .filter(p -> key.key().equals(p.status().terms().key()))
            .findFirst();
    same.filter(p -> !key.digest().equals(p.status().terms().digest()))
        .ifPresent(
            p -> {
              throw RequestKey.reused(key.key());
            });
    return same;
  }
}
