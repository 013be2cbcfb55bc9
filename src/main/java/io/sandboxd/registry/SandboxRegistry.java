package io.sandboxd.registry;

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
import java.util.function.Function;

/** All sandboxes there are, by name and by id. */
public final class SandboxRegistry {
  private final StateDirectory directory;
  private final StateListener listener;
  private final Map<String, Sandbox> byId = new ConcurrentHashMap<>();
  private final Map<String, Sandbox> byName = new ConcurrentHashMap<>();

  public SandboxRegistry(StateDirectory directory, StateListener listener) {
    this.directory = directory;
    this.listener = listener;
  }

  /**
   * Takes a name, in the file too, before anything is made; and runs the verb that makes it, before
   * any other verb can get at it.
   *
   * @throws SandboxException {@code name_in_use}
   */
  public <T> T reserve(SandboxStatus creating, Function<Sandbox, T> verb) {
    Sandbox sandbox = new Sandbox(directory, listener, creating);
    return sandbox.exclusively(
        () -> {
          take(sandbox, creating);
          return verb.apply(sandbox);
        });
  }

  private void take(Sandbox sandbox, SandboxStatus creating) {
    if (byId.containsKey(creating.name()) || byName.putIfAbsent(creating.name(), sandbox) != null) {
      throw new SandboxException(
              ErrorCode.NAME_IN_USE,
              "There is a sandbox '" + creating.name() + "' already: choose another name.")
          .with("field", "name");
    }
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

  /** Takes in a sandbox that was there before the daemon was. */
  public Sandbox restore(SandboxStatus known) {
    Sandbox sandbox = new Sandbox(directory, listener, known);
    byId.put(known.id(), sandbox);
    byName.put(known.name(), sandbox);
    return sandbox;
  }

  /** By name, else by id. */
  public Optional<Sandbox> find(String nameOrId) {
    Sandbox named = byName.get(nameOrId);
    return Optional.ofNullable(named != null ? named : byId.get(nameOrId));
  }

  /**
   * @throws SandboxException {@code not_found}
   */
  public Sandbox get(String nameOrId) {
    return find(nameOrId).orElseThrow(() -> SandboxException.notFound("sandbox", nameOrId));
  }

  /** The oldest first. */
  public List<Sandbox> all() {
    return byId.values().stream()
        .sorted(
            Comparator.comparing((Sandbox s) -> s.status().createdAt()).thenComparing(Sandbox::id))
        .toList();
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
    listener.removed(sandbox.status()); // before anyone can hear of another of this name
    byName.remove(sandbox.name(), sandbox);
  }
}
