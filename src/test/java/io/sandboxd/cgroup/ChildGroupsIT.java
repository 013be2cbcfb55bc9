package io.sandboxd.cgroup;

import static io.sandboxd.cgroup.ResourcesOf.cpu;
import static io.sandboxd.cgroup.ResourcesOf.memory;
import static io.sandboxd.cgroup.ResourcesOf.pids;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One process of a sandbox has limits of its own, and the rest goes on. */
class ChildGroupsIT extends OnRealHosts {
  private static final Resources LIMITS = limits(32, 0.5, 50);
  private static final String STORM = "while :; do sh -c 'sh -c : & :' & wait; done";

  private static Resources limits(long mebibytes, double cpus, long pids) {
    return new Resources(
        new Resources.Memory(new ByteSize(mebibytes * MIB), null, null),
        new Resources.Cpu(cpus, null, "0"),
        new Resources.Pids(pids),
        null);
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void aHogDiesOfItsOwnLimitAndItsSiblingsLive(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    group.apply(memory(256 * MIB, null, null));
    Inhabitant init = Inhabitant.start(group, "exec sleep 1000");
    Cgroup child = group.createChild("p1", memory(32 * MIB, null, null));
    Cgroup other = group.createChild("p2", memory(32 * MIB, null, null));
    Inhabitant sibling = Inhabitant.start(group, "exec sleep 1000");
    Inhabitant cousin = Inhabitant.start(other, "exec sleep 1000");
    assertEquals(0, child.figures().oomKills());
    assertEquals(KILLED, Inhabitant.start(child, "exec tail /dev/zero").await());
    assertEquals(1, child.figures().oomKills());
    assertEquals(0, other.figures().oomKills());
    assertEquals(1, group.figures().oomKills());
    assertTrue(init.isAlive() && sibling.isAlive() && cousin.isAlive());

    Stats stats = child.figures().stats();
    assertEquals(32 * MIB, stats.memory().max());
    assertTrue(stats.cpu().usageUsec() > 0, stats.toString());
    Long peak = stats.memory().peak();
    assertTrue(peak == null || (peak > 30 * MIB && peak <= 32 * MIB), stats.toString());
    assertEquals(256 * MIB, group.figures().stats().memory().max());
    assertTrue(child.tryRemove());
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void aBurnerIsThrottledAlone(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    Inhabitant sibling = Inhabitant.start(group, BURN);
    Cgroup child = group.createChild("p1", cpu(0.1, null, null));
    Inhabitant burner = Inhabitant.start(child, BURN);
    eventually(() -> child.figures().stats().cpu().nrThrottled() > 2);
    assertTrue(child.figures().stats().cpu().throttledUsec() > 0);
    assertEquals(0, group.figures().stats().cpu().nrThrottled());
    assertTrue(burner.isAlive() && sibling.isAlive());
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void processesAreCountedAllOfThem(RealHost host) throws Exception {
    Cgroup child = host.cgroups.create("a").createChild("p1", pids(3L));
    String script =
        "for i in 1 2; do sleep 1000 & done; echo two; ( sleep 1000 ) 2>/dev/null; echo none";
    Inhabitant shell = Inhabitant.start(child, "exec 2>/dev/null; " + script);
    assertEquals("two", shell.readLine());
    shell.await();
    assertEquals(2, child.pids().size());
    assertEquals(3, child.figures().stats().pids().max());
    assertEquals(2, child.figures().stats().pids().current());
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void whoLivesInTheSandboxMovesOnceWhereItMust(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    Inhabitant init = Inhabitant.start(group, STORM + " & " + STORM + " & " + STORM);
    eventually(() -> group.pids().size() > 3);
    Cgroup child = group.createChild("p1", LIMITS);
    boolean moves = host.hasUnifiedMemory();
    assertEquals(group.path() + (moves ? "/_init" : ""), groupOf(init));
    if (moves) {
      Path unified = child.entrances().get(0).getParent().getParent();
      assertEquals("", Files.readString(unified.resolve("cgroup.procs")));
      assertEquals(List.of(unified.resolve("_init/cgroup.procs")), group.entrances());
    }
    assertTrue(group.pids().contains(init.pid()));
    Inhabitant late = Inhabitant.start(group, "sleep 1000 & wait");
    assertEquals(groupOf(init), groupOf(late));
    Inhabitant own = Inhabitant.start(child, "exec sleep 1000");
    assertEquals(child.path(), groupOf(own));
    assertEquals(List.of(own.pid()), child.pids());

    Cgroup restarted = host.again().find("a").orElseThrow();
    restarted.createChild("p2", LIMITS);
    assertEquals(
        child.figures().stats().memory().max(),
        restarted.child("p1").figures().stats().memory().max());
    assertTrue(init.isAlive() && late.isAlive() && own.isAlive());
  }

  /** The one path that it has in all hierarchies of concern. */
  private static String groupOf(Inhabitant inhabitant) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + inhabitant.pid() + "/cgroup")).stream()
        .map(line -> line.split(":", 3)[2])
        .filter(path -> path.startsWith("/sandboxd-test-"))
        .distinct()
        .collect(Collectors.joining(" and "));
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void manyChildrenAtOnce(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    Inhabitant.start(group, STORM + " & " + STORM);
    List<Future<Cgroup>> made = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(8);
    for (int i = 0; i < 16; i++) {
      String name = "p" + i;
      Resources limits = i % 2 == 0 ? LIMITS : memory(16 * MIB, null, null);
      made.add(threads.submit(() -> host.cgroups.of("a").createChild(name, limits)));
    }
    threads.shutdown();
    assertTrue(threads.awaitTermination(120, TimeUnit.SECONDS));
    for (Future<Cgroup> child : made) {
      assertTrue(child.get().figures().stats().memory().max() >= 16 * MIB);
      assertTrue(child.get().tryRemove());
    }
    assertEquals(List.of("a"), host.cgroups.ids());
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void whatAProcessLeavesBehindIsFoundInItsGroup(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    Inhabitant init = Inhabitant.start(group, "exec sleep 1000");
    Cgroup child = group.createChild("p1", LIMITS);
    assertEquals(0, Inhabitant.start(child, "sleep 1000 & sleep 1000 & :").await());
    assertFalse(child.tryRemove());
    assertEquals(2, child.pids().size());
    assertEquals(3, group.pids().size());
    child.kill();
    eventually(child::tryRemove);
    assertEquals(List.of(init.pid()), group.pids());
    assertTrue(child.tryRemove());
    group.createChild("p1", LIMITS);
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void whatIsDoneToTheSandboxIsDoneToAll(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    Inhabitant init = Inhabitant.start(group, "exec sleep 1000");
    Cgroup child = group.createChild("p1", LIMITS);
    Inhabitant burner = Inhabitant.start(child, BURN);
    eventually(() -> child.figures().stats().cpu().usageUsec() > 20_000);
    assertTrue(group.figures().stats().cpu().usageUsec() >= 20_000);
    group.freeze();
    Cgroup elsewhere = host.cgroups.create("b");
    Inhabitant.start(elsewhere, BURN);
    // What is frozen may still have to leave the CPU it is on; from some point on it gets nothing.
    eventually(
        () -> {
          long before = child.figures().stats().cpu().usageUsec();
          long there = elsewhere.figures().stats().cpu().usageUsec();
          eventually(() -> elsewhere.figures().stats().cpu().usageUsec() > there + 100_000);
          return child.figures().stats().cpu().usageUsec() == before;
        });
    long usage = child.figures().stats().cpu().usageUsec();
    group.thaw();
    eventually(() -> child.figures().stats().cpu().usageUsec() > usage);
    group.signalAll(SIGTERM, init.pid());
    assertEquals(128 + SIGTERM, burner.await());
    assertTrue(init.isAlive());

    Inhabitant second = Inhabitant.start(child, BURN);
    group.freeze();
    group.kill();
    assertEquals(KILLED, second.await());
    assertEquals(KILLED, init.await());
    group.remove();
    assertEquals(List.of("b"), host.cgroups.ids());
    assertFalse(host.cgroups.find("a").isPresent());
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void theSandboxsLimitsGoOnChanging(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    group.apply(limits(128, 0.8, 100));
    Inhabitant.start(group, "exec sleep 1000");
    Cgroup child = group.createChild("p1", limits(64, 0.5, 50));
    Inhabitant.start(child, "exec sleep 1000");
    for (Resources wanted :
        List.of(limits(16, 0.2, 10), limits(256, 0.9, 200), Resources.NONE, LIMITS)) {
      group.apply(wanted);
      Stats stats = group.figures().stats();
      assertEquals(wanted.pids() == null ? null : wanted.pids().max(), stats.pids().max());
      assertEquals(
          wanted.memory() == null ? null : wanted.memory().max().bytes(), stats.memory().max());
      assertEquals(64 * MIB, child.figures().stats().memory().max());
      assertEquals(50, child.figures().stats().pids().max());
    }
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void cpusOfTheSandboxBoundThoseOfAProcess(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    group.apply(cpu(null, null, "0"));
    SandboxException e =
        assertThrows(
            SandboxException.class, () -> group.createChild("p1", cpu(null, null, "4000")));
    assertEquals(ErrorCode.INVALID_SPEC, e.code());
    assertEquals("resources.cpu.cpuset", e.fields().get("field"));
    Cgroup child = group.createChild("p1", memory(32 * MIB, null, null));
    Inhabitant sleeper = Inhabitant.start(child, "exec sleep 1000");
    assertEquals("0", allowedCpus(sleeper.pid()));
    group.apply(Resources.NONE);
    assertEquals(allowedCpus(ProcessHandle.current().pid()), allowedCpus(sleeper.pid()));
    group.apply(cpu(null, null, "0"));
    assertEquals("0", allowedCpus(sleeper.pid()));
  }

  private static String allowedCpus(long pid) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
        .filter(line -> line.startsWith("Cpus_allowed_list:"))
        .map(line -> line.split("\\s+")[1])
        .findFirst()
        .orElseThrow();
  }

  /** The way of an exec: the daemon opens the files, and one who may not writes to them. */
  @ParameterizedTest
  @MethodSource("hosts")
  void aProcessOfAnotherUserNamespaceEntersThroughOpenFiles(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    Inhabitant.start(group, "exec sleep 1000");
    Cgroup child = group.createChild("p1", LIMITS);
    StringBuilder open = new StringBuilder();
    StringBuilder enter = new StringBuilder();
    for (int i = 0; i < child.entrances().size(); i++) {
      open.append("exec %d>%s; ".formatted(3 + i, child.entrances().get(i)));
      enter.append("echo 0 >&%d && ".formatted(3 + i));
    }
    Inhabitant shell =
        Inhabitant.start(
            group,
            // Some hosts have more hierarchies than a descriptor of sh's has digits.
            "exec bash -c '"
                + open
                + "exec unshare --user bash -c \""
                + enter
                + "echo in || echo refused; exec sleep 1000\"'");
    assertEquals("in", shell.readLine());
    assertEquals(List.of(shell.pid()), child.pids());
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void groupsMadeInsideAreNotInterferedWith(RealHost host) throws Exception {
    assumeTrue(host.hasUnifiedMemory(), "v1 groups may have processes and children");
    Cgroup group = host.cgroups.create("a");
    Path inner = group.entrances().get(0).resolveSibling("inner");
    Inhabitant init = Inhabitant.start(group, "mkdir '" + inner + "'; echo made; exec sleep 1000");
    assertEquals("made", init.readLine());
    SandboxException e =
        assertThrows(SandboxException.class, () -> group.createChild("p1", LIMITS));
    assertEquals(ErrorCode.LAUNCH_FAILED, e.code());
    assertEquals("resources", e.fields().get("field"));
    assertEquals(group.path(), groupOf(init));
  }
}
