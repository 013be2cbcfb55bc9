package io.sandboxd.lifecycle;

import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxStatus.NamespaceStatus;
import io.sandboxd.sandbox.SandboxStatus.Origin;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Tells which namespaces a sandbox is in, and who else is. */
public final class ListNamespaces {
  /**
   * @param inode by which lsns(8) knows it
   * @param from for a joined one: the sandbox's name or the path
   * @param host whether it is the host's own
   * @param sharedWith the names of the other sandboxes in it, as far as the caller may know
   */
  public record Shared(
      NamespaceType type,
      long inode,
      Origin origin,
      String from,
      boolean host,
      List<String> sharedWith) {}

  private final SandboxRegistry registry;

  public ListNamespaces(SandboxRegistry registry) {
    this.registry = registry;
  }

  /** In the order of {@link NamespaceType}. */
  public List<Shared> list(Sandbox sandbox, Caller caller) {
    Map<NamespaceType, NamespaceStatus> own = sandbox.status().namespaces();
    if (own == null) {
      return List.of();
    }
    Map<NamespaceType, Shared> found = new EnumMap<>(NamespaceType.class);
    own.forEach(
        (type, status) -> {
          List<String> others =
              registry.all(caller).stream()
                  .filter(s -> s != sandbox && shares(s, type, status.inode()))
                  .map(Sandbox::name)
                  .toList();
          boolean host = NamespacesOfProcess.inode("/proc/self", type) == status.inode();
          found.put(
              type, new Shared(type, status.inode(), status.origin(), status.from(), host, others));
        });
    return List.copyOf(found.values());
  }

  private static boolean shares(Sandbox other, NamespaceType type, long inode) {
    Map<NamespaceType, NamespaceStatus> theirs = other.status().namespaces();
    return theirs != null && theirs.containsKey(type) && theirs.get(type).inode() == inode;
  }
}
