package io.sandboxd.lifecycle;

import io.sandboxd.linux.Fd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Finds the number by which the host knows a process, from a descriptor of it. */
final class HostPid {
  private static final String FIELD = "Pid:\t";

  private HostPid() {}

  /** Null when the process has been reaped already (pidfd_open(2): the field is -1 then). */
  static Integer of(Fd pidfd) {
    try {
      return Files.readAllLines(Path.of("/proc/self/fdinfo/" + pidfd.number())).stream()
          .filter(line -> line.startsWith(FIELD))
          .map(line -> Integer.valueOf(line.substring(FIELD.length()).trim()))
          .filter(pid -> pid > 0)
          .findFirst()
          .orElse(null);
    } catch (IOException e) {
      return null;
    }
  }
}
