package io.sandboxd.sandbox.rules;

import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.IdMapping;
import io.sandboxd.sandbox.IdOrName;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.ProcessSpec.User;
import io.sandboxd.sandbox.SandboxSpec;
import java.util.List;

/** What a process may ask for in the user namespace of its sandbox (user_namespaces(7)). */
final class InsideRules {
  /** The width of the range that a sandbox without idMappings gets. */
  private static final long DEFAULT_IDS = 65_536;

  private InsideRules() {}

  static void check(ProcessSpec process, FieldPath at, SandboxSpec sandbox) {
    if (sandbox.namespace(NamespaceType.USER).isNew()) {
      user(process, at, sandbox);
      oomScore(process, at);
    }
  }

  private static void user(ProcessSpec process, FieldPath at, SandboxSpec sandbox) {
    User user = process.user();
    if (user == null) {
      return;
    }
    List<IdMapping> none = List.of();
    SandboxSpec.IdMappings given = sandbox.idMappings();
    List<IdMapping> uids = given == null ? none : given.uidLines();
    List<IdMapping> gids = given == null ? none : given.gidLines();
    FieldPath where = at.field("user");
    mapped(user.uid(), uids, where.field("uid"));
    mapped(user.gid(), gids, where.field("gid"));
    if (user.additionalGids() != null) {
      for (int i = 0; i < user.additionalGids().size(); i++) {
        mapped(user.additionalGids().get(i), gids, where.field("additionalGids").index(i));
      }
    }
  }

  private static void mapped(IdOrName id, List<IdMapping> lines, FieldPath at) {
    if (id == null || id.isName()) {
      return;
    }
    long number = id.id();
    boolean found =
        lines.isEmpty()
            ? number < DEFAULT_IDS
            : lines.stream()
                .anyMatch(
                    line ->
                        number >= line.containerID() && number - line.containerID() < line.size());
    if (!found) {
      throw Rule.broken(
          at,
          "is mapped to no id of the host: choose one that idMappings (default: 0 to 65535) has");
    }
  }

  /** Lowering it takes CAP_SYS_RESOURCE in the first user namespace (proc(5)). */
  private static void oomScore(ProcessSpec process, FieldPath at) {
    if (process.oomScoreAdj() != null && process.oomScoreAdj() < 0) {
      throw Rule.broken(
          at.field("oomScoreAdj"),
          "must not be negative in a user namespace of the sandbox's own: use 0 or more");
    }
  }
}
