package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroup;
import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.registry.StateDirectory;
import io.sandboxd.sandbox.Leak;
import io.sandboxd.sandbox.Leak.Kind;
import io.sandboxd.sandbox.SandboxException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * What exists on this host below the daemon's own roots and belongs to no sandbox and no blank of
 * the daemon's. There should never be anything; a crash at the wrong moment, or somebody else's
 * hand, may leave something.
 */
public final class FindLeaks {
  private static final Logger LOG = Logger.getLogger(FindLeaks.class);

  private final SandboxRegistry registry;
  private final StateDirectory directory;
  private final Cgroups cgroups;
  private final Layers layers;
  private final HostInterfaces interfaces;
  private final Blanks blanks;
  private final Inits inits;

  public FindLeaks(
      SandboxRegistry registry,
      StateDirectory directory,
      Cgroups cgroups,
      Layers layers,
      HostInterfaces interfaces,
      Blanks blanks,
      Inits inits) {
    this.registry = registry;
    this.directory = directory;
    this.cgroups = cgroups;
    this.layers = layers;
    this.interfaces = interfaces;
    this.blanks = blanks;
    this.inits = inits;
  }

  public List<Leak> find() {
    Set<Leak> before = besides(known());
    if (!before.isEmpty()) {
      // What was made or deleted while we looked is no leak.
      before.retainAll(besides(known()));
    }
    return List.copyOf(before);
  }

  /** In this order: a blank that becomes a sandbox is in one of the two at any time. */
  private Set<String> known() {
    Set<String> known = new HashSet<>(blanks.ids());
    known.addAll(registry.ids());
    return known;
  }

  private Set<Leak> besides(Set<String> known) {
    Set<Leak> all = new LinkedHashSet<>();
    for (String id : ofNobody(cgroups.ids(), known)) {
      Cgroup group = cgroups.of(id);
      for (int pid : group.pids()) {
        all.add(new Leak(Kind.PROCESS, "/proc/" + pid, id));
      }
      all.add(new Leak(Kind.CGROUP, group.path(), id));
    }
    for (String id : ofNobody(layers.ids(), known)) {
      all.add(new Leak(Kind.LAYER, layers.path(id).toString(), id));
    }
    for (String id : ofNobody(directory.ids(), known)) {
      all.add(new Leak(Kind.STATE, directory.sandbox(id).toString(), id));
    }
    for (String id : ofNobody(directory.blanks(), known)) {
      all.add(new Leak(Kind.STATE, directory.blank(id).toString(), id));
    }
    interfaces.ofNobody().forEach(name -> all.add(new Leak(Kind.INTERFACE, name, null)));
    return all;
  }

  /** Whatever else somebody keeps there, such as {@code lost+found}, is none of our business. */
  private static List<String> ofNobody(List<String> names, Set<String> known) {
    return names.stream().filter(SandboxIds::isOne).filter(id -> !known.contains(id)).toList();
  }

  /**
   * Takes away what there is.
   *
   * @return what there was; {@link #find} says what of it is left
   */
  public List<Leak> reap() {
    List<Leak> found = find();
    Set<String> ids = new LinkedHashSet<>();
    for (Leak leak : found) {
      if (leak.kind() == Kind.INTERFACE) {
        interfaces.tryDelete(leak.path());
      } else {
        ids.add(leak.sandboxId());
      }
    }
    List<Consumer<String>> steps = new ArrayList<>();
    steps.add(id -> inits.dismiss(directory.blankSocket(id)));
    steps.add(id -> cgroups.of(id).kill());
    steps.add(id -> cgroups.of(id).remove());
    steps.add(layers::remove);
    steps.add(directory::deleteBlank);
    steps.add(directory::deleteSandbox);
    for (String id : ids) {
      for (Consumer<String> step : steps) {
        try {
          step.accept(id);
        } catch (SandboxException | ErrnoException | java.io.UncheckedIOException e) {
          LOG.warnf("What is left of sandbox %s cannot be taken away: %s", id, e.getMessage());
        }
      }
    }
    return found;
  }
}
