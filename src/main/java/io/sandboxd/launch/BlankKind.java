package io.sandboxd.launch;

import io.sandboxd.sandbox.NamespaceSource;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxSpec.Namespaces;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which blanks are alike: those with the same new namespaces.
 *
 * @param namespaces that a blank has of its own; all others are the host's
 */
public record BlankKind(Set<NamespaceType> namespaces) {
  /**
   * These are copies of the host's as it was when they were made, so they are made when they are
   * asked for: what was mounted meanwhile is there, and what was unmounted is not held. They cost
   * next to nothing.
   */
  private static final Set<NamespaceType> COPIES =
      EnumSet.of(NamespaceType.MOUNT, NamespaceType.UTS);

  public BlankKind {
    namespaces = Set.copyOf(namespaces);
  }

  /**
   * Of which kind a blank has to be to become such a sandbox. Empty if none can: what is joined,
   * and ids and clocks of the client's choice, have to be known before init enters its namespaces.
   */
  public static Optional<BlankKind> of(SandboxSpec spec) {
    Set<NamespaceType> made = EnumSet.noneOf(NamespaceType.class);
    for (NamespaceType type : NamespaceType.values()) {
      if (spec.namespace(type).isJoined()) {
        return Optional.empty();
      }
      if (spec.namespace(type).isNew() && !COPIES.contains(type)) {
        made.add(type);
      }
    }
    boolean plain = spec.idMappings() == null && spec.timeOffsets() == null;
    return plain ? Optional.of(new BlankKind(made)) : Optional.empty();
  }

  public boolean has(NamespaceType type) {
    return namespaces.contains(type);
  }

  /** Whether a blank of this kind lacks a namespace that such a sandbox has. */
  public static boolean isMadeLate(SandboxSpec spec, NamespaceType type) {
    return COPIES.contains(type) && spec.namespace(type).isNew();
  }

  /** What somebody would ask for who wanted no more than that. */
  SandboxSpec spec() {
    Map<NamespaceType, NamespaceSource> own = new EnumMap<>(NamespaceType.class);
    namespaces.forEach(type -> own.put(type, NamespaceSource.NEW));
    return new SandboxSpec(
        null,
        null,
        new Namespaces(NamespaceSource.HOST, own),
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null);
  }
}
