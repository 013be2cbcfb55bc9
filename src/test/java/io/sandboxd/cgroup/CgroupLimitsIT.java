package io.sandboxd.cgroup;

import static io.sandboxd.cgroup.ResourcesOf.cpu;
import static io.sandboxd.cgroup.ResourcesOf.device;
import static io.sandboxd.cgroup.ResourcesOf.io;
import static io.sandboxd.cgroup.ResourcesOf.memory;
import static io.sandboxd.cgroup.ResourcesOf.pids;
import static io.sandboxd.cgroup.ResourcesOf.weight;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Limits hold, and follow one another. */
class CgroupLimitsIT extends OnRealHosts {
  @ParameterizedTest
  @MethodSource("hosts")
  void memoryIsLimitedAndTheOomKillCounted(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    Resources wanted = memory(32 * MIB, null, swapOr(host, 0L));
    host.cgroups.check(wanted);
    group.apply(wanted);
    assertEquals(0, group.figures().oomKills());
    assertEquals(KILLED, Inhabitant.start(group, "exec tail /dev/zero").await());
    assertEquals(1, group.figures().oomKills());
    Stats stats = group.figures().stats();
    assertEquals(1, stats.oomKills());
    assertEquals(32 * MIB, stats.memory().max());
    if (stats.memory().peak() != null) {
      assertTrue(stats.memory().peak() > 30 * MIB, stats.toString());
    }
  }

  private static Long swapOr(RealHost host, Long bytes) {
    try {
      host.cgroups.check(memory(MIB, null, bytes));
      return bytes;
    } catch (SandboxException noSwapAccounting) {
      return null;
    }
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void memoryLimitsFollowOneAnother(RealHost host) {
    Cgroup group = host.cgroups.create("a");
    for (Long max : new Long[] {64L, 16L, 128L, null, 32L}) {
      for (Long swap : new Long[] {null, 0L, 100L, 4L}) {
        Long bytes = max == null ? null : max * MIB;
        Long swapBytes = max == null || swap == null ? null : swapOr(host, swap * MIB);
        group.apply(memory(bytes, null, swapBytes));
        assertEquals(bytes, group.figures().stats().memory().max());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void aMarkAtWhichMemoryIsThrottled(RealHost host) {
    Resources wanted = memory(null, 32 * MIB, null);
    if (host.hasUnifiedMemory()) {
      host.cgroups.check(wanted);
      host.cgroups.create("a").apply(wanted);
    } else {
      assertThrows(SandboxException.class, () -> host.cgroups.check(wanted));
    }
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void v1DoesNotShrinkBelowWhatIsLocked(RealHost host) throws Exception {
    assumeFalse(host.hasUnifiedMemory(), "v2 kills rather than refuse");
    Cgroup group = host.cgroups.create("a");
    // Memory that is in use and cannot be swapped out here: a shell's variable.
    Inhabitant holder =
        Inhabitant.start(
            group,
            "x=$(head -c 20000000 /dev/zero | tr '\\0' x); echo held; read -r nothing; sleep 1000");
    assertEquals("held", holder.readLine());
    group.apply(memory(256 * MIB, null, 0L));
    SandboxException e =
        assertThrows(SandboxException.class, () -> group.apply(memory(4 * MIB, null, 0L)));
    assertEquals(ErrorCode.BUSY, e.code());
    assertEquals("EBUSY", e.fields().get("errnoName"));
    assertTrue(holder.isAlive());
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void theNumberOfProcessesIsLimitedInitNotCounted(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    group.apply(pids(3L));
    // The shell stands for init: three more, and not a fourth.
    String script =
        "for i in 1 2 3; do sleep 1000 & done; echo three; ( sleep 1000 ) 2>/dev/null; echo none";
    Inhabitant shell = Inhabitant.start(group, "exec 2>/dev/null; " + script);
    assertEquals("three", shell.readLine());
    shell.await();
    assertEquals(3, group.pids().size());
    assertEquals(3, group.figures().stats().pids().max());
    group.apply(pids(null));
    assertEquals(null, group.figures().stats().pids().max());
    assertEquals(0, Inhabitant.start(group, "for i in 1 2 3 4 5; do sleep 1000 & done").await());
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void cpuTimeIsLimitedAndTheThrottlingSeen(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    Resources wanted = cpu(0.1, 50, null);
    host.cgroups.check(wanted);
    group.apply(wanted);
    Inhabitant.start(group, BURN);
    long start = System.nanoTime();
    long before = group.figures().stats().cpu().usageUsec();
    eventually(() -> group.figures().stats().cpu().nrThrottled() >= 10);
    Stats.Cpu used = group.figures().stats().cpu();
    long elapsedUsec = (System.nanoTime() - start) / 1000;
    assertTrue(used.throttledUsec() > 0, used.toString());
    // One tenth, and a period more for where the measuring begins and ends.
    assertTrue(used.usageUsec() - before < elapsedUsec / 10 + 40_000, used + " in " + elapsedUsec);
    assertTrue(used.userUsec() + used.systemUsec() > 0);

    group.apply(Resources.NONE);
    long throttled = group.figures().stats().cpu().nrThrottled();
    long usage = group.figures().stats().cpu().usageUsec();
    eventually(() -> group.figures().stats().cpu().usageUsec() > usage + 500_000);
    assertTrue(group.figures().stats().cpu().nrThrottled() <= throttled + 1);
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void processesStayOnTheirCpus(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    group.apply(cpu(null, null, "0"));
    Inhabitant sleeper = Inhabitant.start(group, "exec sleep 1000");
    assertEquals("0", allowedCpus(sleeper));
    group.apply(Resources.NONE);
    assertEquals(allowedCpus(ProcessHandle.current().pid()), allowedCpus(sleeper));
    SandboxException e =
        assertThrows(SandboxException.class, () -> host.cgroups.check(cpu(null, null, "0,4000")));
    assertEquals("resources.cpu.cpuset", e.fields().get("field"));
  }

  private static String allowedCpus(Inhabitant inhabitant) throws IOException {
    return allowedCpus(inhabitant.pid());
  }

  private static String allowedCpus(long pid) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
        .filter(line -> line.startsWith("Cpus_allowed_list:"))
        .map(line -> line.split("\\s+")[1])
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void aDiskIsThrottledAndCounted(RealHost host) throws Exception {
    String disk = diskOf(scratch);
    assumeTrue(disk != null, "the temporary directory is on no disk");
    Cgroup group = host.cgroups.create("a");
    Resources wanted = io(device(disk, null, MIB, null, null));
    host.cgroups.check(wanted);
    group.apply(wanted);
    String write =
        "exec dd if=/dev/zero of='"
            + scratch.resolve("data")
            + "' bs=128k count=24 oflag=direct 2>/dev/null";
    Duration limited = Inhabitant.time(group, write);
    assertTrue(limited.toMillis() > 1500, "3 MiB at 1 MiB/s took " + limited);
    Stats.Io counted =
        group.figures().stats().io().stream()
            .filter(io -> io.device().equals(disk))
            .findFirst()
            .orElseThrow();
    assertTrue(counted.wbytes() >= 3 * MIB, counted.toString());
    assertTrue(counted.wios() > 0, counted.toString());

    group.apply(io(device(disk, null, null, 1000L, 8L)));
    limited = Inhabitant.time(group, write);
    assertTrue(limited.toMillis() > 1500, "24 writes at 8/s took " + limited);

    group.apply(Resources.NONE);
    Duration free = Inhabitant.time(group, write);
    assertTrue(free.compareTo(limited) < 0, "unlimited took " + free);
  }

  private static String diskOf(Path path) throws IOException {
    long device = (long) Files.getAttribute(path, "unix:dev");
    String numbers = (device >>> 8 & 0xfff) + ":" + (device & 0xff);
    String name = BlockDevices.ofHost(new KernelFiles(RealHost.LIBC)).name(numbers);
    return name.startsWith("/") ? name : null;
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void aWeightWithoutASchedulerForItIsRefused(RealHost host) throws IOException {
    String disk = diskOf(scratch);
    assumeTrue(disk != null, "the temporary directory is on no disk");
    String sys = "/sys/class/block/" + Path.of(disk).getFileName() + "/queue/scheduler";
    assumeFalse(Files.readString(Path.of(sys)).contains("[bfq]"), "this disk knows weights");
    SandboxException e =
        assertThrows(SandboxException.class, () -> host.cgroups.check(io(weight(disk, 200))));
    assertEquals("resources.io[0].weight", e.fields().get("field"));
  }
}
