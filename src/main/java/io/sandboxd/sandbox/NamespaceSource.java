package io.sandboxd.sandbox;

/**
 * Where a sandbox gets one of its namespaces from. In JSON: {@code "new"}, {@code "host"}, {@code
 * {"sandbox": "other"}} or {@code {"path": "/run/netns/blue"}}.
 */
public sealed interface NamespaceSource {
  /** A namespace of its own. */
  record New() implements NamespaceSource {}

  /** None made: the daemon's is inherited. */
  record Host() implements NamespaceSource {}

  /** That of another sandbox, by name or id. */
  record OfSandbox(String sandbox) implements NamespaceSource {}

  /** That which a file stands for: a bind mount of a namespace, or {@code /proc/PID/ns/TYPE}. */
  record OfPath(String path) implements NamespaceSource {}

  NamespaceSource NEW = new New();
  NamespaceSource HOST = new Host();

  default boolean isNew() {
    return this instanceof New;
  }

  default boolean isHost() {
    return this instanceof Host;
  }

  default boolean isJoined() {
    return !isNew() && !isHost();
  }
}
