package io.sandboxd.api;

import io.sandboxd.events.EncodedEvent;
import io.sandboxd.events.EventType;
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
 * @param types empty for all
 */
record EventFilter(Set<String> sandboxes, Set<EventType> types) {
  /**
   * @throws SandboxException {@code invalid_spec} for a type that is none
   */
  static EventFilter of(List<String> sandboxes, List<String> types) {
    return new EventFilter(
        new HashSet<>(sandboxes),
        types.stream().map(EventFilter::type).collect(Collectors.toSet()));
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
    return (types.isEmpty() || types.contains(event.type()))
        && (sandboxes.isEmpty()
            || sandboxes.contains(event.sandboxId())
            || sandboxes.contains(event.sandboxName()));
  }
}
