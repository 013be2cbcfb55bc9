package io.sandboxd.lifecycle;

import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.RequestKey;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxState;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Creates a sandbox, and starts it if that is asked for, as one request: all of it or nothing. */
public final class LaunchSandbox {
  /** Each for its share of the keys: requests with the same one go one after the other. */
  private final List<Object> locks = Stream.generate(Object::new).limit(64).toList();

  private final SandboxRegistry registry;
  private final CreateSandbox create;
  private final StartSandbox start;
  private final ExpireSandboxes expire;
  private final Blanks blanks;

  public LaunchSandbox(
      SandboxRegistry registry,
      CreateSandbox create,
      StartSandbox start,
      ExpireSandboxes expire,
      Blanks blanks) {
    this.registry = registry;
    this.create = create;
    this.start = start;
    this.expire = expire;
    this.blanks = blanks;
  }

  /**
   * As a request that can be repeated.
   *
   * @param spec validated
   * @param key null, or what the client calls this request: asked for again, it gives the sandbox
   *     that there is, as long as there is one
   * @param caller whose sandbox it will be
   * @throws SandboxException as {@link CreateSandbox} and {@link StartSandbox}, with nothing left;
   *     {@code key_reused}
   */
  public Sandbox launch(
      SandboxSpec spec, boolean andStart, RequestKey key, Caller caller, StageTimes times) {
    return counted(
        () -> {
          Supplier<Sandbox> created = () -> create.create(spec, false, key, caller, times);
          if (key == null) {
            return startedOnce(created.get(), andStart, caller, times);
          }
          synchronized (locks.get(Math.floorMod(key.key().hashCode(), locks.size()))) {
            return startedOnce(earlier(key, caller).orElseGet(created), andStart, caller, times);
          }
        });
  }

  /** One that was started before is left as it is: it may have done its work. */
  private Sandbox startedOnce(Sandbox sandbox, boolean wanted, Caller caller, StageTimes times) {
    boolean toStart = wanted && sandbox.state() == SandboxState.CREATED;
    return toStart ? started(sandbox, 0, caller, times) : sandbox;
  }

  /**
   * One that somebody is going to remove when he has what he wants of it.
   *
   * @param head bytes of what its main process writes that are to be kept at the beginning
   */
  Sandbox launchEphemeral(SandboxSpec spec, long head, Caller caller, StageTimes times) {
    return counted(
        () -> started(create.create(spec, true, null, caller, times), head, caller, times));
  }

  private Sandbox counted(Supplier<Sandbox> launch) {
    blanks.begun();
    try {
      return launch.get();
    } finally {
      blanks.ended();
    }
  }

  /** Each user has keys of their own: those of others tell nothing, and are in nobody's way. */
  private Optional<Sandbox> earlier(RequestKey key, Caller caller) {
    Optional<Sandbox> same =
        registry.all().stream()
            .filter(s -> s.status().owner().uid() == caller.uid())
            .filter(s -> s.status().requestKey() != null && s.state() != SandboxState.DELETING)
            .filter(s -> s.status().requestKey().key().equals(key.key()))
            .findFirst();
    if (same.isPresent() && !same.get().status().requestKey().equals(key)) {
      throw RequestKey.reused(key.key());
    }
    return same;
  }

  private Sandbox started(Sandbox sandbox, long head, Caller caller, StageTimes times) {
    try {
      return start.start(sandbox, head, caller, times);
    } catch (RuntimeException e) {
      // One request, one outcome: who was told of a failure has no sandbox to clean up.
      expire.delete(sandbox, "failed start");
      throw e;
    }
  }
}
