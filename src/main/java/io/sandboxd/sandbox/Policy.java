package io.sandboxd.sandbox;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What those may have who are no admins, as the operator has set it.
 *
 * @param maxSandboxes of one user at the same time
 * @param memoryMax bytes of each sandbox; null: no limit
 * @param cpuMax CPUs' worth of time of each sandbox; null: no limit
 * @param pidsMax processes and threads of each sandbox; null: no limit
 * @param hostNamespaces which may be the host's; with {@link NamespaceType#USER} among them, to be
 *     let in is to be root
 * @param joinPaths below which files may stand for namespaces to be joined
 * @param roots below which directories may be roots
 * @param binds below which files and directories may be bound
 * @param capabilities which a process may have
 * @param seccompUnconfined whether a process may do without the default filter
 */
public record Policy(
    int maxSandboxes,
    ByteSize memoryMax,
    Double cpuMax,
    Long pidsMax,
    Set<NamespaceType> hostNamespaces,
    List<Tree> joinPaths,
    List<Tree> roots,
    List<Tree> binds,
    Set<Capability> capabilities,
    boolean seccompUnconfined) {

  /** Those of the settings that a refusal may be due to. */
  public enum Rule {
    /** No setting allows it; whoever is in this group may. */
    ADMIN_GROUP,
    OUTPUT_RETENTION,
    POLICY_MAX_SANDBOXES,
    POLICY_MEMORY_MAX,
    POLICY_CPU_MAX,
    POLICY_PIDS_MAX,
    POLICY_HOST_NAMESPACES,
    POLICY_JOIN_PATHS,
    POLICY_ROOTS,
    POLICY_BINDS,
    POLICY_CAPABILITIES,
    POLICY_SECCOMP_UNCONFINED;

    /** As the setting is called, e.g. {@code sandboxd.policy-roots}. */
    public String word() {
      return "sandboxd." + name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * @param field of the request
     * @param limit what is allowed; null if that is no matter of more or less
     * @param why a sentence, to follow the field
     */
    public SandboxException refuse(String field, Object limit, String why) {
      return new SandboxException(
              ErrorCode.NOT_PERMITTED, field + ": " + why + " (" + word() + ").")
          .with("field", field)
          .with("rule", word())
          .with("limit", limit);
    }
  }

  /**
   * A directory of the host, or a file.
   *
   * @param path without {@code .}, {@code ..} and symbolic links that others could change
   * @param writable whether what is below may be written to
   */
  public record Tree(String path, boolean writable) {
    /** What is left of a path below; empty for the tree itself, null for what is not in it. */
    public String below(String other) {
      if (other.equals(path)) {
        return "";
      }
      return other.startsWith(path + "/") ? other.substring(path.length() + 1) : null;
    }

    @Override
    public String toString() {
      return writable ? path + ":rw" : path;
    }
  }

  /**
   * The innermost of the trees that a path is said to be in; what it really is in is another
   * matter.
   */
  public static Optional<Tree> treeOf(List<Tree> trees, String path) {
    return trees.stream()
        .filter(tree -> tree.below(path) != null)
        .max(Comparator.comparingInt(tree -> tree.path().length()));
  }
}
