package io.sandboxd.cgroup;

import static io.sandboxd.cgroup.ResourcesOf.cpu;
import static io.sandboxd.cgroup.ResourcesOf.memory;
import static io.sandboxd.cgroup.ResourcesOf.pids;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.linux.Errno;
import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Groups of single processes, whatever the host's hierarchies are. */
class ChildGroupsTest {
  private static final long MIB = 1 << 20;
  private static final Resources LIMITS =
      new Resources(
          new Resources.Memory(new ByteSize(16 * MIB), null, null),
          new Resources.Cpu(0.25, null, "1"),
          new Resources.Pids(5L),
          null);
  @TempDir Path base;

  private static final Function<Path, FakeKernel> MIXED =
      base ->
          new FakeKernel(base)
              .mountLegacy("cpu", "rw,cpu")
              .mountLegacy("cpuset", "rw,cpuset")
              .mountUnified("unified", "memory pids io");

  /** A host, and in which files it keeps the limits. */
  static Stream<Arguments> hosts() {
    String v1 = "memory.limit_in_bytes";
    String quota = "cpu.cfs_quota_us";
    return Stream.of(
        host("unified", FakeKernel::unified, "cgroup", "memory.max", "cgroup", "cpu.max"),
        host("hybrid", FakeKernel::hybrid, "memory", v1, "cpu,cpuacct", quota),
        host("legacy", FakeKernel::legacy, "memory", v1, "cpu,cpuacct", quota),
        host("mixed", MIXED, "unified", "memory.max", "cpu", quota));
  }

  private static Arguments host(String name, Function<Path, FakeKernel> host, String... files) {
    return Arguments.of(
        name,
        host,
        files[0] + "/sandboxd/a/p1/" + files[1],
        files[2] + "/sandboxd/a/p1/" + files[3]);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("hosts")
  void aChildHasItsLimitsInEveryHierarchy(
      String name, Function<Path, FakeKernel> host, String memoryFile, String cpuFile) {
    FakeKernel kernel = host.apply(base);
    Cgroups cgroups = kernel.cgroups();
    Cgroup group = cgroups.create("a");
    Cgroup child = group.createChild("p1", LIMITS);
    assertEquals("/sandboxd/a/p1", child.path());
    assertEquals(
        group.entrances().stream().map(ChildGroupsTest::sandboxOf).toList(),
        child.entrances().stream().map(file -> file.getParent().getParent()).toList());
    assertTrue(child.entrances().stream().allMatch(kernel::exists));
    assertEquals("16777216", kernel.get(memoryFile).strip());
    assertTrue(kernel.get(cpuFile).startsWith("25000"), kernel.get(cpuFile));
    assertEquals(List.of("a"), cgroups.ids());
    assertEquals(child.entrances(), kernel.cgroups().of("a").child("p1").entrances());
  }

  /** Of an entrance, be it that of the leaf. */
  private static Path sandboxOf(Path procsFile) {
    Path group = procsFile.getParent();
    return group.endsWith(Division.LEAF) ? group.getParent() : group;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("hosts")
  void aLimitThatIsRefusedLeavesNoChild(
      String name, Function<Path, FakeKernel> host, String memoryFile, String cpuFile) {
    FakeKernel kernel = host.apply(base);
    Cgroup group = kernel.cgroups().create("a");
    kernel.refuse(Path.of(memoryFile).getFileName().toString(), Errno.EINVAL);
    SandboxException e =
        assertThrows(SandboxException.class, () -> group.createChild("p1", LIMITS));
    assertEquals(ErrorCode.LAUNCH_FAILED, e.code());
    assertEquals("resources.memory.max", e.fields().get("field"));
    assertTrue(group.child("p1").entrances().stream().noneMatch(kernel::exists));
    group.createChild("p1", LIMITS);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("hosts")
  void removalTakesChildrenAndLeaf(
      String name, Function<Path, FakeKernel> host, String memoryFile, String cpuFile) {
    FakeKernel kernel = host.apply(base);
    Cgroups cgroups = kernel.cgroups();
    Cgroup group = cgroups.create("a");
    group.createChild("p1", LIMITS);
    group.createChild("p2", Resources.NONE);
    group.remove();
    assertEquals(List.of(), cgroups.ids());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("hosts")
  void aChildIsRemovedWhenNobodyIsLeftInIt(
      String name, Function<Path, FakeKernel> host, String memoryFile, String cpuFile) {
    FakeKernel kernel = host.apply(base);
    Cgroup child = kernel.cgroups().create("a").createChild("p1", LIMITS);
    String procs = Path.of(memoryFile).resolveSibling("cgroup.procs").toString();
    kernel.put(procs, "20\n");
    assertFalse(child.tryRemove());
    assertEquals(List.of(20), child.pids());
    kernel.put(procs, "");
    assertTrue(child.tryRemove());
    assertTrue(child.entrances().stream().noneMatch(kernel::exists));
    assertTrue(child.tryRemove());
  }

  @Test
  void aNameIsUsedOnce() {
    FakeKernel kernel = FakeKernel.hybrid(base);
    Cgroup group = kernel.cgroups().create("a");
    kernel.makeDirectory(base.resolve("pids/sandboxd/a/p1"));
    SandboxException e =
        assertThrows(SandboxException.class, () -> group.createChild("p1", LIMITS));
    assertEquals(ErrorCode.NAME_IN_USE, e.code());
    assertTrue(kernel.has("pids/sandboxd/a/p1"));
    assertFalse(kernel.has("memory/sandboxd/a/p1"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "a/b", "_init", "cgroup.procs", "a\n"})
  void aNameThatCouldBeSomethingElseIsRefused(String name) {
    Cgroup group = FakeKernel.unified(base).cgroups().create("a");
    assertThrows(IllegalArgumentException.class, () -> group.child(name));
    assertThrows(IllegalArgumentException.class, () -> group.createChild(name, LIMITS));
  }

  @Test
  void aGroupThatCannotBeMadeIsALaunchThatFailed() {
    FakeKernel kernel = FakeKernel.hybrid(base);
    Cgroup group = kernel.cgroups().create("a");
    kernel.refuse("mkdir", Errno.EAGAIN);
    SandboxException e =
        assertThrows(SandboxException.class, () -> group.createChild("p1", LIMITS));
    assertEquals(ErrorCode.LAUNCH_FAILED, e.code());
    assertEquals("resources", e.fields().get("field"));
    assertEquals("mkdir", e.fields().get("syscall"));
    assertEquals("EAGAIN", e.fields().get("errnoName"));
    assertEquals(base.resolve("unified/sandboxd/a/p1").toString(), e.fields().get("path"));
  }

  @Test
  void devicesAreNotLimitedForOneProcess() {
    FakeKernel kernel = FakeKernel.unified(base);
    Cgroups cgroups = kernel.cgroups();
    Resources wanted = ResourcesOf.io(ResourcesOf.device("/dev/vda", 1L, null, null, null));
    cgroups.check(wanted);
    assertRefused("resources.io", () -> cgroups.checkChild(wanted));
    Cgroup group = cgroups.create("a");
    assertRefused("resources.io", () -> group.createChild("p1", wanted));
    assertEquals(List.of(), kernel.directories(base.resolve("cgroup/sandboxd/a")));
  }

  @Test
  void whatTheHostCannotEnforceIsRefusedBeforehand() {
    Cgroups cgroups = FakeKernel.legacy(base).cgroups();
    cgroups.checkChild(LIMITS);
    cgroups.checkChild(null);
    assertRefused("resources.memory.high", () -> cgroups.checkChild(memory(null, MIB, null)));
    assertRefused("resources.pids.max", () -> cgroups.checkChild(pids(0L)));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void cpusThatTheSandboxHasNotAreRefused(boolean unified) {
    FakeKernel kernel = unified ? FakeKernel.unified(base) : FakeKernel.legacy(base);
    Cgroup group = kernel.cgroups().create("a");
    group.apply(cpu(null, null, "0"));
    if (unified) {
      kernel.put("cgroup/sandboxd/a/cpuset.cpus.effective", "0\n");
    }
    assertRefused("resources.cpu.cpuset", () -> group.createChild("p1", LIMITS));
    group.createChild("p1", cpu(null, null, "0"));
  }

  private static void assertRefused(String field, Runnable request) {
    SandboxException e = assertThrows(SandboxException.class, request::run);
    assertEquals(ErrorCode.INVALID_SPEC, e.code());
    assertEquals(field, e.fields().get("field"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void initIsNotInAChildAndNotCounted(boolean unified) {
    FakeKernel kernel = unified ? FakeKernel.unified(base) : FakeKernel.legacy(base);
    Cgroup group = kernel.cgroups().create("a");
    group.apply(pids(10L));
    Cgroup child = group.createChild("p1", pids(1L));
    String directory = unified ? "cgroup" : "pids";
    assertEquals("11", kernel.get(directory + "/sandboxd/a/pids.max").strip());
    assertEquals("1", kernel.get(directory + "/sandboxd/a/p1/pids.max").strip());
    kernel.put(directory + "/sandboxd/a/p1/pids.current", "1\n");
    assertEquals(new Stats.Pids(1L, null, 1L), child.figures().stats().pids());
    assertEquals(10, group.figures().stats().pids().max());
  }

  @Test
  void aSandboxOnV1CountsTheOomKillsOfAllItsChildren() {
    FakeKernel kernel = FakeKernel.legacy(base);
    Cgroup group = kernel.cgroups().create("a");
    Cgroup child = group.createChild("p1", LIMITS);
    kernel.put("memory/sandboxd/a/memory.oom_control", "oom_kill 1\n");
    kernel.put("memory/sandboxd/a/p1/memory.oom_control", "oom_kill 2\n");
    assertEquals(3, group.figures().oomKills());
    assertEquals(2, child.figures().oomKills());
    child.tryRemove();
    assertEquals(1, group.figures().oomKills());
  }

  @Test
  void onV1CpusFollowThoseOfTheSandbox() {
    FakeKernel kernel = FakeKernel.legacy(base);
    Cgroup group = kernel.cgroups().create("a");
    group.createChild("p1", memory(MIB, null, null));
    group.createChild("p2", cpu(null, null, "1"));
    kernel.makeDirectory(base.resolve("cpuset/sandboxd/a/p1/inner"));
    kernel.put("cpuset/sandboxd/a/p1/inner/cpuset.cpus", "0-1\n");
    group.apply(cpu(null, null, "1"));
    assertEquals(List.of("1", "1", "1", "1"), cpus(kernel));
    group.apply(cpu(null, null, "0"));
    assertEquals(List.of("0", "0", "0", "0"), cpus(kernel));
    group.apply(Resources.NONE);
    assertEquals(List.of("0-1", "0-1", "0-1", "0-1"), cpus(kernel));

    group.createChild("p3", cpu(null, null, "1"));
    SandboxException e =
        assertThrows(SandboxException.class, () -> group.apply(cpu(null, null, "0")));
    assertEquals(ErrorCode.BUSY, e.code());
    assertEquals("resources.cpu.cpuset", e.fields().get("field"));
  }

  private static List<String> cpus(FakeKernel kernel) {
    return Stream.of("", "p1/", "p1/inner/", "p2/")
        .map(group -> kernel.get("cpuset/sandboxd/a/" + group + "cpuset.cpus").strip())
        .toList();
  }

  @Test
  void onV1TheLowerQuotaHoldsToo() {
    FakeKernel kernel = FakeKernel.legacy(base);
    Cgroup group = kernel.cgroups().create("a");
    group.apply(cpu(0.5, null, null));
    group.createChild("p1", cpu(0.8, null, null));
    group.createChild("p2", cpu(0.2, null, null));
    group.createChild("p3", memory(MIB, null, null));
    assertEquals(List.of("50000", "50000", "20000", "-1"), quotas(kernel));
    group.apply(cpu(0.4, null, null));
    assertEquals(List.of("40000", "40000", "20000", "-1"), quotas(kernel));
    group.apply(Resources.NONE);
    assertEquals(List.of("-1", "40000", "20000", "-1"), quotas(kernel));
  }

  private static List<String> quotas(FakeKernel kernel) {
    return Stream.of("", "p1/", "p2/", "p3/")
        .map(group -> kernel.get("cpu,cpuacct/sandboxd/a/" + group + "cpu.cfs_quota_us").strip())
        .toList();
  }
}
