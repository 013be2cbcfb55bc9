package io.sandboxd.lifecycle;

import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.IdMapping;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec.IdMappings;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/** Between ids inside a user namespace and those of the host (user_namespaces(7)). */
final class HostIds {
  private HostIds() {}

  /** The id on the host; without mappings it is the same. */
  static long uid(IdMappings mappings, long inside) {
    return mappings == null ? inside : map(mappings.uidLines(), inside, "user.uid");
  }

  static long gid(IdMappings mappings, long inside) {
    return mappings == null ? inside : map(mappings.gidLines(), inside, "user.gid");
  }

  private static long map(List<IdMapping> lines, long inside, String field) {
    for (IdMapping line : lines) {
      long offset = inside - line.containerID();
      if (offset >= 0 && offset < line.size()) {
        return line.hostID() + offset;
      }
    }
    throw SandboxException.invalid(
        field, inside + " is not mapped in the sandbox's user namespace: choose one of idMappings");
  }

  /** Writes the maps of a new user namespace. */
  static void write(Syscalls syscalls, int pid, IdMappings mappings) {
    write(syscalls, "/proc/" + pid + "/uid_map", mappings.uidLines());
    write(syscalls, "/proc/" + pid + "/gid_map", mappings.gidLines());
  }

  private static void write(Syscalls syscalls, String path, List<IdMapping> lines) {
    String text =
        lines.stream()
            .map(l -> l.containerID() + " " + l.hostID() + " " + l.size() + "\n")
            .collect(Collectors.joining());
    try (Fd fd = syscalls.open(path, Syscalls.O_WRONLY, 0)) {
      syscalls.writeAll(fd, text.getBytes(StandardCharsets.US_ASCII));
    }
  }
}
