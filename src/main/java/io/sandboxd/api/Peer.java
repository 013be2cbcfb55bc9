package io.sandboxd.api;

import io.sandboxd.lifecycle.ProcessStat;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.Caller;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The other end of a connection. */
final class Peer {
  /** As sd_pid_get_unit(3) sees it: the outermost group that is a unit with processes. */
  private static final Pattern UNIT = Pattern.compile("/([^/]+\\.(?:service|scope))(?=/|$)");

  /** Where systemd has its groups: on cgroup v2, or in a hierarchy of its own. */
  private static final Pattern SYSTEMD = Pattern.compile("(?m)^(?:0::|\\d+:name=systemd:)(/.*)$");

  /** USER_HZ, in which /proc tells times; the same on x86-64 and arm64. */
  private static final long TICK_NANOS = 10_000_000;

  private final Caller caller;
  private final Fd socket;
  private final Syscalls syscalls;
  private final long openedNanos = System.nanoTime();
  private boolean unitIsKnown;
  private String unit;

  /**
   * @param socket to be used only while the connection is there
   */
  Peer(Caller caller, Fd socket, Syscalls syscalls) {
    this.caller = caller;
    this.socket = socket;
    this.syscalls = syscalls;
  }

  Caller caller() {
    return caller;
  }

  /** For the record of who did something. */
  String name() {
    return "uid " + caller.uid();
  }

  /**
   * The systemd unit that it was in when it was first asked; null if there is none, or if it cannot
   * be told any more. Only on the connection's event loop.
   */
  String unit() {
    if (!unitIsKnown) {
      unit = findUnit();
      unitIsKnown = true;
    }
    return unit;
  }

  private String findUnit() {
    Path process = Path.of("/proc", Integer.toString(caller.pid()));
    try (Fd pidfd = syscalls.peerPidfd(socket)) {
      String groups = Files.readString(process.resolve("cgroup"), StandardCharsets.UTF_8);
      // Looked at before: if it is still the same process now, it was the same then.
      boolean same =
          pidfd == null ? isOlderThanConnection() : !syscalls.poll(pidfd, Syscalls.EPOLLIN, 0);
      return same ? unitOf(groups) : null;
    } catch (IOException | RuntimeException e) {
      return null;
    }
  }

  /** A process that has got the number since has begun since. */
  private boolean isOlderThanConnection() throws IOException {
    Long ticks = ProcessStat.startTicks(caller.pid());
    if (ticks == null) {
      return false;
    }
    long start = ticks * TICK_NANOS;
    String uptime = Files.readString(Path.of("/proc/uptime")).split(" ")[0];
    long now = (long) (Double.parseDouble(uptime) * TimeUnit.SECONDS.toNanos(1));
    return now - start + TICK_NANOS >= System.nanoTime() - openedNanos;
  }

  /**
   * @param groups as /proc/PID/cgroup has them
   */
  static String unitOf(String groups) {
    Matcher path = SYSTEMD.matcher(groups);
    while (path.find()) {
      Matcher unit = UNIT.matcher(path.group(1));
      if (unit.find()) {
        return unit.group(1);
      }
    }
    return null;
  }
}
