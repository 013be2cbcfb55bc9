package io.sandboxd.sandbox.rules;

import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.IdMapping;
import io.sandboxd.sandbox.IdOrName;
import io.sandboxd.sandbox.SandboxSpec;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToLongFunction;

/** What the kernel takes as a uid_map or gid_map (user_namespaces(7)). */
final class IdMappingRules {
  private static final int MAX_LINES = 340;
  private static final int PAGE = 4_096;

  static final List<Rule<SandboxSpec>> ALL = List.of(IdMappingRules::both);

  private IdMappingRules() {}

  private static void both(SandboxSpec spec, FieldPath at) {
    if (spec.idMappings() != null) {
      FieldPath where = at.field("idMappings");
      lines(spec.idMappings().uid(), where.field("uid"));
      lines(spec.idMappings().gid(), where.field("gid"));
    }
  }

  private static void lines(List<IdMapping> lines, FieldPath at) {
    if (lines == null || lines.isEmpty()) {
      return;
    }
    if (lines.size() > MAX_LINES) {
      throw Rule.broken(at, "can have at most " + MAX_LINES + " lines, as the kernel has it");
    }
    for (int i = 0; i < lines.size(); i++) {
      line(lines.get(i), at.index(i));
    }
    disjoint(lines, IdMapping::containerID, at, "containerID");
    disjoint(lines, IdMapping::hostID, at, "hostID");
    if (lines.stream().noneMatch(line -> line.containerID() == 0)) {
      throw Rule.broken(at, "must map containerID 0: the sandbox's init is root inside");
    }
    int length =
        lines.stream()
            .mapToInt(l -> ("" + l.containerID() + l.hostID() + l.size()).length() + 3)
            .sum();
    if (length >= PAGE) {
      throw Rule.broken(
          at,
          "takes %d bytes as a map, and the kernel reads less than %d: use fewer lines"
              .formatted(length, PAGE));
    }
  }

  private static void line(IdMapping line, FieldPath at) {
    if (line.size() < 1) {
      throw Rule.broken(at.field("size"), "must be 1 or more");
    }
    range(line.containerID(), line.size(), at.field("containerID"));
    range(line.hostID(), line.size(), at.field("hostID"));
  }

  private static void range(long first, long size, FieldPath at) {
    if (first < 0 || first >= IdOrName.IDS) {
      throw Rule.broken(at, "must be 0 to " + (IdOrName.IDS - 1));
    }
    if (size > IdOrName.IDS - first) {
      throw Rule.broken(
          at,
          "and size go beyond the last id, " + (IdOrName.IDS - 1) + ": make one of them smaller");
    }
  }

  private static void disjoint(
      List<IdMapping> lines, ToLongFunction<IdMapping> first, FieldPath at, String name) {
    List<IdMapping> sorted = lines.stream().sorted(Comparator.comparingLong(first)).toList();
    for (int i = 1; i < sorted.size(); i++) {
      IdMapping before = sorted.get(i - 1);
      if (first.applyAsLong(before) + before.size() > first.applyAsLong(sorted.get(i))) {
        throw Rule.broken(
            at.index(lines.indexOf(sorted.get(i))).field(name),
            "is mapped by another line too: each id can be once only");
      }
    }
  }
}
