package io.sandboxd.lifecycle;

import io.sandboxd.sandbox.NamespaceSource;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxStatus.NamespaceStatus;
import io.sandboxd.sandbox.SandboxStatus.Origin;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * The namespaces that a process is in, as the kernel tells (namespaces(7), "The /proc/pid/ns/
 * directory").
 */
final class NamespacesOfProcess {
  private NamespacesOfProcess() {}

  /**
   * @param known inodes of those that somebody has looked at before
   * @throws UncheckedIOException when there is no such process any more
   */
  static Map<NamespaceType, NamespaceStatus> read(
      int pid, SandboxSpec spec, Map<NamespaceType, Long> known) {
    Set<NamespaceType> others = EnumSet.allOf(NamespaceType.class);
    others.removeAll(known.keySet());
    Map<NamespaceType, Long> inodes = inodes(pid, others);
    inodes.putAll(known);
    Map<NamespaceType, NamespaceStatus> found = new EnumMap<>(NamespaceType.class);
    for (NamespaceType type : NamespaceType.values()) {
      NamespaceSource source = spec.namespace(type);
      String from =
          source instanceof NamespaceSource.OfSandbox s
              ? s.sandbox()
              : source instanceof NamespaceSource.OfPath p ? p.path() : null;
      Origin origin = source.isNew() ? Origin.NEW : source.isHost() ? Origin.HOST : Origin.JOINED;
      found.put(type, new NamespaceStatus(inodes.get(type), origin, from));
    }
    return found;
  }

  /**
   * @throws UncheckedIOException when there is no such process any more
   */
  static Map<NamespaceType, Long> inodes(int pid, Set<NamespaceType> types) {
    Map<NamespaceType, Long> inodes = new EnumMap<>(NamespaceType.class);
    types.forEach(type -> inodes.put(type, inode("/proc/" + pid, type)));
    return inodes;
  }

  /**
   * @param process {@code /proc/PID}
   */
  static long inode(String process, NamespaceType type) {
    try {
      String link = Files.readSymbolicLink(Path.of(process, "ns", type.procName())).toString();
      return Long.parseLong(link.substring(link.indexOf('[') + 1, link.length() - 1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
