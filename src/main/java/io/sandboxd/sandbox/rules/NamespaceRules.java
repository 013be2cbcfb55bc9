package io.sandboxd.sandbox.rules;

import static io.sandboxd.sandbox.NamespaceType.MOUNT;
import static io.sandboxd.sandbox.NamespaceType.PID;
import static io.sandboxd.sandbox.NamespaceType.TIME;
import static io.sandboxd.sandbox.NamespaceType.USER;
import static io.sandboxd.sandbox.NamespaceType.UTS;

import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.NamespaceSource;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxSpec.Namespaces;
import io.sandboxd.sandbox.constraints.AbsolutePathValidator;
import java.time.Duration;
import java.util.List;

/**
 * Which namespaces go together, and what needs one of its own (clone(2), setns(2), unshare(2),
 * user_namespaces(7), time_namespaces(7)). What depends on the state of others (whether a namespace
 * that is to be joined is still alive, or is the one the joiner is in already) only the kernel can
 * say, at launch.
 */
final class NamespaceRules {
  /** KTIME_SEC_MAX / 2 of fs/proc/base.c and kernel/time/namespace.c: about 146 years. */
  private static final Duration MAX_OFFSET = Duration.ofSeconds(Long.MAX_VALUE / 1_000_000_000 / 2);

  static final List<Rule<SandboxSpec>> ALL =
      List.of(
          NamespaceRules::sources,
          NamespaceRules::names,
          NamespaceRules::filesystem,
          NamespaceRules::timeOffsets,
          NamespaceRules::idMappings,
          NamespaceRules::procOfJoinedPids);

  private NamespaceRules() {}

  private static void sources(SandboxSpec spec, FieldPath at) {
    Namespaces namespaces = spec.namespaces();
    if (namespaces == null) {
      return;
    }
    FieldPath where = at.field("namespaces");
    if (namespaces.otherwise() instanceof NamespaceSource.OfPath) {
      throw Rule.broken(
          where.field("default"),
          "cannot be a file: a file stands for a namespace of one type only");
    }
    source(namespaces.otherwise(), spec, where.field("default"));
    namespaces.byType().forEach((type, source) -> source(source, spec, where.field(type.word())));
  }

  private static void source(NamespaceSource source, SandboxSpec spec, FieldPath where) {
    if (source instanceof NamespaceSource.OfPath file) {
      String fault = AbsolutePathValidator.fault(file.path(), false);
      if (fault != null) {
        throw Rule.broken(where.field("path"), fault);
      }
    }
    if (source instanceof NamespaceSource.OfSandbox other) {
      if (!other.sandbox().matches(SandboxSpec.NAME)) {
        throw Rule.broken(where.field("sandbox"), SandboxSpec.NAME_RULE);
      }
      if (other.sandbox().equals(spec.name())) {
        throw Rule.broken(
            where.field("sandbox"), "is this sandbox itself: name another one, or \"new\"");
      }
    }
  }

  private static void names(SandboxSpec spec, FieldPath at) {
    if (spec.hostname() != null) {
      needsNew(UTS, spec, at.field("hostname"));
    }
    if (spec.domainname() != null) {
      needsNew(UTS, spec, at.field("domainname"));
    }
  }

  private static void filesystem(SandboxSpec spec, FieldPath at) {
    if (spec.root() != null) {
      needsNew(MOUNT, spec, at.field("root"));
    }
    if (spec.mounts() != null && !spec.mounts().isEmpty()) {
      needsNew(MOUNT, spec, at.field("mounts"));
    }
  }

  private static void timeOffsets(SandboxSpec spec, FieldPath at) {
    if (spec.timeOffsets() != null) {
      FieldPath where = at.field("timeOffsets");
      needsNew(TIME, spec, where);
      offset(spec.timeOffsets().monotonic(), where.field("monotonic"));
      offset(spec.timeOffsets().boottime(), where.field("boottime"));
    }
  }

  private static void offset(Duration offset, FieldPath where) {
    if (offset != null && offset.abs().compareTo(MAX_OFFSET) > 0) {
      throw Rule.broken(
          where,
          "can be at most "
              + MAX_OFFSET.getSeconds()
              + " seconds in either direction, as the kernel has it");
    }
  }

  private static void idMappings(SandboxSpec spec, FieldPath at) {
    if (spec.idMappings() != null && !spec.idMappings().uidLines().isEmpty()) {
      needsNew(USER, spec, at.field("idMappings"));
    }
  }

  /**
   * A new /proc shows the pid namespace of its maker, and the kernel lets nobody make one for a pid
   * namespace that belongs to a user namespace outside of the maker's own.
   */
  private static void procOfJoinedPids(SandboxSpec spec, FieldPath at) {
    if (spec.namespace(PID).isJoined()
        && spec.namespace(USER).isNew()
        && spec.namespace(MOUNT).isNew()) {
      throw Rule.broken(
          at.field("namespaces").field(PID.word()),
          "cannot be joined while user and mount are new: the kernel does not let a new user"
              + " namespace mount /proc for another's processes. Join the user namespace too, or"
              + " make it \"host\", or join the mount namespace");
    }
  }

  /** Refuses a field that would act on a namespace which is not the sandbox's own. */
  static void needsNew(NamespaceType type, SandboxSpec spec, FieldPath field) {
    NamespaceSource source = spec.namespace(type);
    if (!source.isNew()) {
      throw Rule.broken(
          field,
          "needs namespaces.%s to be \"new\", but it is %s: make it so, or leave this out"
              .formatted(type.word(), source.isHost() ? "the host's" : "joined from elsewhere"));
    }
  }
}
