package io.sandboxd.registry;

import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxStatus;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntSupplier;

/** All sandboxes there are, by name and by id. */
public final class SandboxRegistry {
  private final StateDirectory directory;
  private final StateListener listener;
  private final Map<String, Sandbox> byId = new ConcurrentHashMap<>();
  private final Map<String, Sandbox> byName = new ConcurrentHashMap<>();

  /** See {@link #leave}. */
  private final Set<Sandbox> leaving = ConcurrentHashMap.newKeySet();

  public SandboxRegistry(StateDirectory directory, StateListener listener) {
    this.directory = directory;
    this.listener = listener;
  }

  /**
   * Takes a name, in the file too, before anything is made; and runs the verb that makes it, before
   * any other verb can get at it.
   *
   * @param room may ask how many sandboxes the owner has already; throws when that is enough
   * @throws SandboxException {@code name_in_use}
   */
  public <T> T reserve(
      SandboxStatus creating, Consumer<IntSupplier> room, Function<Sandbox, T> verb) {
    Sandbox sandbox = new Sandbox(directory, listener, creating);
    return sandbox.exclusively(
        () -> {
          take(sandbox, creating, room);
          return verb.apply(sandbox);
        });
  }

  private void take(Sandbox sandbox, SandboxStatus creating, Consumer<IntSupplier> room) {
    takeName(sandbox, creating, room);
    try {
      directory.createSandbox(creating.id());
      sandbox.update(same -> same);
    } catch (RuntimeException e) {
      byName.remove(creating.name(), sandbox);
      directory.deleteSandbox(creating.id());
      throw e;
    }
    byId.put(creating.id(), sandbox);
  }

  /** One at a time: two that see the same last place would both take it. */
  private synchronized void takeName(
      Sandbox sandbox, SandboxStatus creating, Consumer<IntSupplier> room) {
    if (byId.containsKey(creating.name()) || byName.containsKey(creating.name())) {
      throw new SandboxException(
              ErrorCode.NAME_IN_USE,
              "There is a sandbox '" + creating.name() + "' already: choose another name.")
          .with("field", "name");
    }
    long uid = creating.owner().uid();
    room.accept(
        () ->
            (int)
                byName.values().stream()
                    .filter(s -> s.status().owner().uid() == uid)
                    .filter(s -> !leaving.contains(s))
                    .count());
    byName.put(creating.name(), sandbox);
  }

  /** Takes in a sandbox that was there before the daemon was. */
  public Sandbox restore(SandboxStatus known) {
    Sandbox sandbox = new Sandbox(directory, listener, known);
    byId.put(known.id(), sandbox);
    byName.put(known.name(), sandbox);
    return sandbox;
  }

  /** What is there for a caller, by name, else by id. */
  public Optional<Sandbox> find(String nameOrId, Caller caller) {
    return find(nameOrId).filter(sandbox -> sandbox.isVisibleTo(caller));
  }

  /**
   * @throws SandboxException {@code not_found} if it has been removed
   */
  public void requireThere(Sandbox sandbox) {
    if (!has(sandbox)) {
      throw SandboxException.notFound("sandbox", sandbox.name());
    }
  }

  /** Whether it has not been removed yet. */
  public boolean has(Sandbox sandbox) {
    return byId.get(sandbox.id()) == sandbox;
  }

  /**
   * Notes that it is on its way out, and no longer one of those that its owner may have.
   *
   * @param most that can be at a time
   * @return whether it is: there may be as many, or somebody may have removed it
   */
  public boolean leave(Sandbox sandbox, int most) {
    synchronized (leaving) {
      if (leaving.size() >= most) {
        return false;
      }
      leaving.add(sandbox);
    }
    boolean there = has(sandbox);
    if (!there) {
      leaving.remove(sandbox);
    }
    return there;
  }

  /** By name, else by id. */
  public Optional<Sandbox> find(String nameOrId) {
    Sandbox named = byName.get(nameOrId);
    return Optional.ofNullable(named != null ? named : byId.get(nameOrId));
  }

  /** The oldest first. */
  public List<Sandbox> all() {
    return byId.values().stream()
        .sorted(
            Comparator.comparing((Sandbox s) -> s.status().createdAt()).thenComparing(Sandbox::id))
        .toList();
  }

  /** Those that are there for a caller, the oldest first. */
  public List<Sandbox> all(Caller caller) {
    return all().stream().filter(sandbox -> sandbox.isVisibleTo(caller)).toList();
  }

  /** Of all sandboxes, those too whose creation has only just begun. */
  public Set<String> ids() {
    Set<String> ids = new HashSet<>(byId.keySet());
    byName.values().forEach(sandbox -> ids.add(sandbox.id()));
    return ids;
  }

  public int count() {
    return byId.size();
  }

  /** The very last step of a deletion: the name is free again. */
  public void remove(Sandbox sandbox) {
    sandbox.processes().forEach(SandboxProcess::close);
    directory.deleteSandbox(sandbox.id());
    byId.remove(sandbox.id());
    leaving.remove(sandbox);
    listener.removed(sandbox.status()); // before anyone can hear of another of this name
    byName.remove(sandbox.name(), sandbox);
  }
}
