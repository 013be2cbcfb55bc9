package io.sandboxd.sandbox.rules;

import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.MountType;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxSpec.Mount;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What can be mounted how (mount(8), and the kernel's rules for user namespaces). */
final class MountRules {
  static final List<Rule<SandboxSpec>> ALL = List.of(MountRules::each);

  private MountRules() {}

  private static void each(SandboxSpec spec, FieldPath at) {
    List<Mount> mounts = spec.mounts() == null ? List.of() : spec.mounts();
    for (int i = 0; i < mounts.size(); i++) {
      FieldPath where = at.field("mounts").index(i);
      MountType type = type(mounts.get(i), where);
      source(type, mounts.get(i), where);
      options(type, mounts.get(i), where.field("options"));
      owner(type, spec, where.field("type"));
    }
  }

  private static MountType type(Mount mount, FieldPath at) {
    if (mount.type() == null && mount.source() == null) {
      throw Rule.broken(
          at.field("type"), "must be given when there is no source: " + MountType.words());
    }
    return MountType.of(mount)
        .orElseThrow(() -> Rule.broken(at.field("type"), "must be one of " + MountType.words()));
  }

  private static void source(MountType type, Mount mount, FieldPath at) {
    if (type == MountType.BIND && mount.source() == null) {
      throw Rule.broken(at.field("source"), "must be given for a bind mount: the path on the host");
    }
    if (type != MountType.BIND && mount.source() != null) {
      throw Rule.broken(
          at.field("source"), "is for bind mounts only: leave it out for " + type.word());
    }
  }

  private static void options(MountType type, Mount mount, FieldPath at) {
    List<String> options = mount.options() == null ? List.of() : mount.options();
    Map<String, String> seen = new HashMap<>();
    for (int i = 0; i < options.size(); i++) {
      String option = options.get(i);
      FieldPath where = at.index(i);
      String subject =
          type.subject(option)
              .orElseThrow(
                  () ->
                      Rule.broken(
                          where, "is not an option of " + type.word() + ": " + type.options()));
      String former = seen.put(subject, option);
      if (former != null) {
        throw Rule.broken(
            where, "speaks of the same as " + former + " before it: leave one of them out");
      }
    }
  }

  /**
   * A user namespace may mount these only for the namespaces that it owns, which are the ones made
   * with it.
   */
  private static void owner(MountType type, SandboxSpec spec, FieldPath at) {
    NamespaceType shown = type.shows();
    if (shown != null
        && spec.namespace(NamespaceType.USER).isNew()
        && !spec.namespace(shown).isNew()) {
      throw Rule.broken(
          at,
          "%s shows the %s namespace, which a new user namespace can mount only if that is new too: make namespaces.%s \"new\" or leave this mount out"
              .formatted(type.word(), shown.word(), shown.word()));
    }
  }
}
