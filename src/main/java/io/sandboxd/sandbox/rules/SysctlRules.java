package io.sandboxd.sandbox.rules;

import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Only what a namespace owns can be set for a sandbox alone; anything else would be the whole
 * host's.
 */
final class SysctlRules {
  /**
   * The beginnings of names, and whose they are (sysctl(5), ipc_namespaces(7), user_namespaces(7)).
   */
  private static final List<Map.Entry<String, NamespaceType>> OWNERS =
      List.of(
          Map.entry("net.", NamespaceType.NETWORK),
          Map.entry("kernel.shm", NamespaceType.IPC),
          Map.entry("kernel.msg", NamespaceType.IPC),
          Map.entry("kernel.sem", NamespaceType.IPC),
          Map.entry("fs.mqueue.", NamespaceType.IPC),
          Map.entry("user.max_", NamespaceType.USER));

  static final List<Rule<SandboxSpec>> ALL = List.of(SysctlRules::each);

  private SysctlRules() {}

  private static void each(SandboxSpec spec, FieldPath at) {
    if (spec.sysctls() != null) {
      spec.sysctls().keySet().forEach(name -> one(name, spec, at.field("sysctls").field(name)));
    }
  }

  private static void one(String name, SandboxSpec spec, FieldPath at) {
    if (name.equals("kernel.hostname") || name.equals("kernel.domainname")) {
      throw Rule.broken(
          at, "is set by the field " + name.substring("kernel.".length()) + ": use that");
    }
    NamespaceType owner =
        owner(name)
            .orElseThrow(
                () ->
                    Rule.broken(
                        at,
                        "belongs to no namespace, so it would change the whole host: set it there."
                            + " A sandbox can have net.*, kernel.shm*, kernel.msg*, kernel.sem*,"
                            + " fs.mqueue.* and user.max_*"));
    NamespaceRules.needsNew(owner, spec, at);
  }

  private static Optional<NamespaceType> owner(String name) {
    return OWNERS.stream()
        .filter(owner -> name.startsWith(owner.getKey()))
        .map(Map.Entry::getValue)
        .findFirst();
  }
}
