package io.sandboxd.launch;

import io.sandboxd.sandbox.NamespaceSource;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * All that the plan of a sandbox depends on: what the client asked for, and the facts of this host
 * that matter.
 *
 * @param hostname the name to set in a new UTS namespace
 * @param cgroupEntrances by which the sandbox's cgroup is entered, one per hierarchy: of v1 the
 *     file {@code tasks}, of v2 {@code cgroup.procs}
 * @param unifiedCgroup whether all controllers are in the one hierarchy of cgroup v2
 * @param unifiedOptions those of the host's cgroup2
 * @param fileSources the sources of bind mounts that are no directories
 * @param readonlyPaths those that this kernel has, below {@code /proc} and {@code /sys}
 * @param maskedPaths likewise
 * @param ownFiles the daemon's, to be laid over those that are there
 * @param spareGid a group id, as it is inside, that is not root's; null if there is none
 * @param privileged the namespaces in which root inside may mount and configure: those it made,
 *     those of a sandbox whose user namespace it shares, and all of them without a user namespace
 *     of its own
 */
public record LaunchRequest(
    SandboxSpec spec,
    String hostname,
    List<Path> cgroupEntrances,
    boolean unifiedCgroup,
    List<String> unifiedOptions,
    Set<String> fileSources,
    List<String> readonlyPaths,
    List<MaskedPath> maskedPaths,
    List<OwnFile> ownFiles,
    Long spareGid,
    Set<NamespaceType> privileged) {
  /** A path to put out of sight, and whether it is a directory. */
  public record MaskedPath(String path, boolean directory) {}

  /** A file of the daemon's, and where it is to be seen inside. */
  public record OwnFile(String destination, String source) {}

  public NamespaceSource namespace(NamespaceType type) {
    return spec.namespace(type);
  }

  public boolean isNew(NamespaceType type) {
    return namespace(type).isNew();
  }

  /** Whether ids inside differ from the host's. */
  public boolean inUserNamespace() {
    return !namespace(NamespaceType.USER).isHost();
  }

  /**
   * With what cgroup2 has to be mounted. Who does so in the host's cgroup namespace says anew what
   * holds for the whole host, and what is left out ends for all ({@code nsdelegate}, cgroups(7)).
   * Who has joined one may be in the host's; in a new one the options mean nothing.
   */
  public List<String> cgroup2Options() {
    return isNew(NamespaceType.CGROUP) ? List.of() : unifiedOptions;
  }

  public boolean mayConfigure(NamespaceType type) {
    return privileged.contains(type);
  }
}
