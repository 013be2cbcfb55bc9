package io.sandboxd.launch;

import io.sandboxd.sandbox.NamespaceSource;
import io.sandboxd.sandbox.NamespaceType;

/**
 * A descriptor that a plan needs and that only the daemon can get; it is opened just before the
 * plan is sent. Kept apart from the opening so that plans stay pure data.
 */
public sealed interface FdSource {
  /** For joining a cgroup: its {@code tasks} or {@code cgroup.procs}, opened for writing. */
  record CgroupEntrance(String path) implements FdSource {}

  /** For being born in a cgroup: the directory of it, on cgroup v2. */
  record CgroupDirectory(String path) implements FdSource {}

  /** A namespace to join. */
  record Namespace(NamespaceType type, NamespaceSource source) implements FdSource {}

  /**
   * A detached copy of a mount of the host, open_tree(2).
   *
   * @param field whose mistake it is when it cannot be had, e.g. {@code mounts[0].source}
   * @param recursive with what is mounted below it
   * @param idmapped with ids mapped as the sandbox's user namespace maps them
   */
  record MountTree(String field, String path, boolean recursive, boolean idmapped)
      implements FdSource {}

  /** A detached copy of the mount of a file of the daemon's; no matter who asks. */
  record OwnFile(String path) implements FdSource {}

  /** The sandbox's own overlay layer: a directory with {@code upper} and {@code work}. */
  record Layer(boolean idmapped) implements FdSource {}
}
