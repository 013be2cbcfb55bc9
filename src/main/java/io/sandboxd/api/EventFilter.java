package io.sandboxd.api;

import io.sandboxd.events.EncodedEvent;
import io.sandboxd.events.EventType;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.SandboxException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which events a client wants.
 *
 * @param sandboxes names and ids; empty for all. They need not be there (yet)
 * @param types empty for all that happens to sandboxes
 * @param caller who is told only what concerns it
 */
record EventFilter(Set<String> sandboxes, Set<EventType> types, Caller caller) {
  /**
   * @throws SandboxException {@code invalid_spec} for a type that is none
   */
  static EventFilter of(List<String> sandboxes, List<String> types, Caller caller) {
    Set<EventType> wanted = types.stream().map(EventFilter::type).collect(Collectors.toSet());
    if (wanted.contains(EventType.AUDIT) && wanted.size() > 1) {
      throw SandboxException.invalid(
          "type", "audit is a history of its own: ask for it alone, and for the others apart");
    }
    return new EventFilter(new HashSet<>(sandboxes), wanted, caller);
  }

  /** Whether it is calls that the client wants to hear of, and not what happens to sandboxes. */
  boolean isAudit() {
    return types.contains(EventType.AUDIT);
  }

  private static EventType type(String word) {
    return Arrays.stream(EventType.values())
        .filter(type -> type.word().equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                SandboxException.invalid(
                    "type",
                    "must be one of "
                        + Arrays.stream(EventType.values())
                            .map(EventType::word)
                            .collect(Collectors.joining(", "))));
  }

  boolean wants(EncodedEvent event) {
    return caller.sees(event.owner())
        && (types.isEmpty() || types.contains(event.type()))
        && (sandboxes.isEmpty()
            || sandboxes.contains(event.sandboxId())
            || sandboxes.contains(event.sandboxName()));
  }
}
