package io.sandboxd.cgroup;

import static io.sandboxd.cgroup.ResourcesOf.pids;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Who is inside is found, stopped, signalled, killed and outlived. */
class CgroupProcessesIT extends OnRealHosts {
  @ParameterizedTest
  @MethodSource("hosts")
  void whoEntersIsListedAndInEveryHierarchy(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    Inhabitant sleeper = Inhabitant.start(group, "exec sleep 1000");
    assertEquals(List.of(sleeper.pid()), group.pids());
    String groups = Files.readString(Path.of("/proc/" + sleeper.pid() + "/cgroup"));
    assertEquals(
        group.entrances().size(),
        groups.lines().filter(line -> line.endsWith(":" + group.path())).count(),
        groups);
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void theFrozenStandStill(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    Inhabitant burner = Inhabitant.start(group, BURN + " & " + BURN);
    eventually(() -> group.figures().stats().cpu().usageUsec() > 20_000);
    group.freeze();
    assertTrue(group.isFrozen());
    assertTrue(host.again().of("a").isFrozen(), "after a restart too");
    long usage = group.figures().stats().cpu().usageUsec();
    // Something that takes CPU time meanwhile, elsewhere.
    Cgroup other = host.cgroups.create("b");
    Inhabitant.start(other, BURN);
    eventually(() -> other.figures().stats().cpu().usageUsec() > 100_000);
    assertEquals(usage, group.figures().stats().cpu().usageUsec());
    group.thaw();
    assertFalse(group.isFrozen());
    eventually(() -> group.figures().stats().cpu().usageUsec() > usage + 20_000);
    assertTrue(burner.isAlive());
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void anEmptyGroupFreezesToo(RealHost host) {
    Cgroup group = host.cgroups.create("a");
    group.freeze();
    assertTrue(group.isFrozen());
    group.thaw();
    assertFalse(group.isFrozen());
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void killReachesEveryDescendantPausedOrNot(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    String family = "for i in 1 2 3; do sh -c 'sleep 1000 & sleep 1000' & done; sleep 1000";
    Inhabitant first = Inhabitant.start(group, "trap '' TERM; " + family);
    eventually(() -> group.pids().size() >= 8);
    group.freeze();
    group.kill();
    assertEquals(KILLED, first.await());
    eventually(() -> group.pids().isEmpty());
    assertFalse(group.isFrozen());

    Inhabitant second = Inhabitant.start(group, family);
    group.kill();
    assertEquals(KILLED, second.await());
    eventually(() -> group.pids().isEmpty());
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void killEndsWhoForksAllTheTime(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    group.apply(pids(50L));
    // Not a shell's loop, as that ends at the first fork that fails.
    String bombing = "for (;;) { next if fork // 1; fork; select undef, undef, undef, .05; exit }";
    Inhabitant bomb =
        Inhabitant.start(group, "exec perl -e '$SIG{CHLD} = \"IGNORE\"; " + bombing + "'");
    eventually(() -> group.pids().size() > 10);
    group.kill();
    assertEquals(KILLED, bomb.await());
    group.remove();
    assertEquals(List.of(), host.cgroups.ids());
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void aSignalReachesAllButTheSpared(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    Inhabitant spared = Inhabitant.start(group, "exec sleep 1000");
    // It handles the signal, or else v2 would not wait for the thaw.
    Inhabitant other = Inhabitant.start(group, "trap 'exit 7' TERM; echo ready; sleep 1000 & wait");
    assertEquals("ready", other.readLine());
    group.freeze();
    group.signalAll(SIGTERM, spared.pid());
    assertTrue(group.isFrozen());
    assertTrue(other.isAlive());
    group.thaw();
    assertEquals(7, other.await());
    assertTrue(spared.isAlive());

    Inhabitant third = Inhabitant.start(group, "exec sleep 1000");
    group.freeze();
    group.signalAll(SIGKILL, spared.pid());
    assertFalse(group.isFrozen());
    assertEquals(KILLED, third.await());
    eventually(() -> group.pids().equals(List.of(spared.pid())));
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void removalTakesGroupsMadeInsideAndWaitsForTheDying(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    StringBuilder nested = new StringBuilder();
    for (Path procs : group.entrances()) {
      Path inner = procs.resolveSibling("inner/most");
      nested.append("mkdir -p '").append(inner).append("'; ");
    }
    // A v1 cpuset made inside has no CPUs, and nobody can enter it.
    for (Path procs : group.entrances()) {
      if (host.hasUnifiedMemory() || !Files.exists(procs.resolveSibling("cpuset.cpus"))) {
        Path inner = procs.resolveSibling("inner/most/cgroup.procs");
        nested.append("echo 0 > '").append(inner).append("'; ");
      }
    }
    Inhabitant dweller =
        Inhabitant.start(
            group, nested + "for i in 1 2 3 4 5; do sleep 1000 & done; echo nested; sleep 1000");
    assertEquals("nested", dweller.readLine());
    eventually(() -> group.pids().size() == 7);
    assertTrue(group.pids().contains(dweller.pid()));
    group.kill();
    group.remove();
    assertEquals(List.of(), host.cgroups.ids());
    assertFalse(host.cgroups.find("a").isPresent());
    group.remove();
    assertEquals(KILLED, dweller.await());
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void groupsAreFoundAgainAfterARestart(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    Inhabitant sleeper = Inhabitant.start(group, "exec sleep 1000");
    Cgroups again = host.again();
    assertEquals(List.of("a"), again.ids());
    Cgroup found = again.find("a").orElseThrow();
    assertEquals(List.of(sleeper.pid()), found.pids());
    found.kill();
    found.remove();
    assertEquals(KILLED, sleeper.await());
  }
}
