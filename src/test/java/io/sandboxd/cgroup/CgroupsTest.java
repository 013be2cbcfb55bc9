package io.sandboxd.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CgroupsTest {
  private static final List<String> ALL = List.of("memory", "cpu", "cpuset", "pids", "io");
  @TempDir Path base;

  @Test
  void onAUnifiedHostControllersAreHandedDownFromTheTop() {
    FakeKernel kernel = FakeKernel.unified(base);
    Cgroups cgroups = kernel.cgroups();
    assertEquals("unified", cgroups.mode());
    assertEquals(ALL, cgroups.controllers());
    assertEquals(Map.of(), cgroups.missingControllers());
    assertEquals("memory cpu cpuset pids io", kernel.get("cgroup/cgroup.subtree_control"));
    assertEquals("memory cpu cpuset pids io", kernel.get("cgroup/sandboxd/cgroup.subtree_control"));
  }

  @Test
  void whatIsEnabledAlreadyIsNotWrittenAgain() {
    FakeKernel kernel = FakeKernel.unified(base);
    kernel.cgroups();
    kernel.writes.clear();
    kernel.cgroups();
    assertEquals(List.of(), kernel.writes);
  }

  @Test
  void aControllerThatIsNotOfferedIsMissingWithTheReason() {
    FakeKernel kernel = new FakeKernel(base).mountUnified("cgroup", "cpu memory pids");
    Cgroups cgroups = kernel.cgroups();
    assertEquals(List.of("memory", "cpu", "pids"), cgroups.controllers());
    assertEquals(List.of("cpuset", "io"), List.copyOf(cgroups.missingControllers().keySet()));
    assertTrue(cgroups.missingControllers().get("io").contains("not offered"));
  }

  @Test
  void aControllerThatCannotBeEnabledIsMissingWithTheReason() {
    FakeKernel kernel = FakeKernel.unified(base);
    kernel.refuse("cgroup.subtree_control", Errno.EBUSY);
    Cgroups cgroups = kernel.cgroups();
    assertEquals(List.of("cpu", "cpuset", "pids", "io"), cgroups.controllers());
    assertTrue(cgroups.missingControllers().get("memory").contains("EBUSY"));
  }

  @Test
  void aHybridHostUsesTheOldHierarchiesAndCgroup2() {
    FakeKernel kernel = FakeKernel.hybrid(base);
    Cgroups cgroups = kernel.cgroups();
    assertEquals("hybrid", cgroups.mode());
    assertEquals(ALL, cgroups.controllers());
    Cgroup group = cgroups.create("a");
    assertEquals(
        List.of("unified", "memory", "cpu,cpuacct", "cpuset", "pids", "blkio", "devices"),
        hierarchies(group),
        "cgroup2 first, and no freezer, as cgroup2 has one; this kernel takes no programs");
    assertFalse(kernel.has("freezer/sandboxd"));
  }

  @Test
  void controllersMayBeSpreadOverBothVersions() {
    FakeKernel kernel =
        new FakeKernel(base)
            .mountLegacy("cpu", "rw,cpu")
            .mountUnified("unified", "memory pids io cpuset");
    Cgroups cgroups = kernel.cgroups();
    assertEquals("hybrid", cgroups.mode());
    assertEquals(ALL, cgroups.controllers());
    assertEquals(List.of("unified", "cpu"), hierarchies(cgroups.create("a")));
    assertTrue(kernel.has("unified/sandboxd/a/memory.max"));
  }

  @Test
  void aLegacyHostNeedsTheFreezerAndTheAccounting() {
    FakeKernel kernel = FakeKernel.legacy(base);
    Cgroups cgroups = kernel.cgroups();
    assertEquals("legacy", cgroups.mode());
    assertEquals(ALL, cgroups.controllers());
    assertEquals(
        List.of("memory", "cpu,cpuacct", "cpuset", "pids", "blkio", "freezer", "devices"),
        hierarchies(cgroups.create("a")));
  }

  @Test
  void aHierarchyOfNoConcernDoesNotMakeAHostHybrid() {
    FakeKernel kernel = FakeKernel.unified(base).mountLegacy("net_cls", "rw,net_cls");
    assertEquals("unified", kernel.cgroups().mode());
  }

  private List<String> hierarchies(Cgroup group) {
    return group.entrances().stream()
        .map(file -> base.relativize(file).getName(0).toString())
        .toList();
  }

  @Test
  void newLegacyGroupsGetTheCpusAndMemoryNodesOfTheirParents() {
    FakeKernel kernel = FakeKernel.legacy(base);
    kernel.cgroups().create("a");
    assertEquals("0-1", kernel.get("cpuset/sandboxd/a/cpuset.cpus").strip());
    assertEquals("0", kernel.get("cpuset/sandboxd/a/cpuset.mems").strip());
  }

  @Test
  void theRootMayBeDeeper() {
    FakeKernel kernel = FakeKernel.unified(base);
    Cgroups cgroups =
        new Cgroups(
            kernel.mountinfo(),
            "/a.slice/b.service/c",
            kernel,
            (p, s) -> {},
            BlockDevices.ofHost(kernel),
            null);
    assertEquals("/a.slice/b.service/c/x", cgroups.create("x").path());
    assertTrue(kernel.has("cgroup/a.slice/b.service/c/x/memory.max"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/", "sandboxd", "/a/../b", "/a//b", "/a/", "/.", "/a b"})
  void aRootThatIsNoneIsRefused(String root) {
    FakeKernel kernel = FakeKernel.unified(base);
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new Cgroups(
                kernel.mountinfo(),
                root,
                kernel,
                (pid, signo) -> {},
                BlockDevices.ofHost(kernel),
                null));
    assertFalse(kernel.has("cgroup/a"));
  }

  @Test
  void aHostWithoutControlGroupsIsRefused() {
    FakeKernel kernel = new FakeKernel(base);
    assertThrows(IllegalStateException.class, kernel::cgroups);
  }

  @Test
  void hierarchiesThatCannotBeWrittenToAreRefusedWithTheErrno() {
    FakeKernel kernel = FakeKernel.unified(base);
    kernel.refuse("mkdir", Errno.EROFS);
    assertEquals(Errno.EROFS, assertThrows(ErrnoException.class, kernel::cgroups).errno());
  }

  @Test
  void oneHierarchyThatCannotBeWrittenToCostsItsControllersOnly() {
    FakeKernel kernel = FakeKernel.legacy(base);
    kernel.refuse("mkdir", Errno.EACCES);
    Cgroups cgroups = kernel.cgroups();
    assertEquals(List.of("memory", "cpuset", "pids", "io"), cgroups.controllers());
    assertTrue(cgroups.missingControllers().get("cpu").contains("EACCES"));
  }

  @Test
  void groupsAreFoundAgainByNameAlone() {
    FakeKernel kernel = FakeKernel.hybrid(base);
    kernel.cgroups().create("a");
    kernel.cgroups().create("b");
    Cgroups afterRestart = kernel.cgroups();
    assertEquals(List.of("a", "b"), afterRestart.ids());
    assertEquals(Optional.of("/sandboxd/a"), afterRestart.find("a").map(Cgroup::path));
    assertEquals(Optional.empty(), afterRestart.find("c"));
    assertEquals("c", afterRestart.of("c").id());
  }

  @Test
  void whatIsLeftInOneHierarchyIsFoundToo() {
    FakeKernel kernel = FakeKernel.hybrid(base);
    Cgroups cgroups = kernel.cgroups();
    kernel.makeDirectory(base.resolve("pids/sandboxd/left"));
    assertEquals(List.of("left"), cgroups.ids());
    assertTrue(cgroups.find("left").isPresent());
  }

  @Test
  void aSecondGroupOfOneNameIsRefused() {
    Cgroups cgroups = FakeKernel.unified(base).cgroups();
    cgroups.create("a");
    SandboxException e = assertThrows(SandboxException.class, () -> cgroups.create("a"));
    assertEquals(ErrorCode.NAME_IN_USE, e.code());
    assertTrue(cgroups.find("a").isPresent());
  }

  @Test
  void aNameThatIsLeftInOneHierarchyIsInUseAndNothingElseIsMade() {
    FakeKernel kernel = FakeKernel.hybrid(base);
    Cgroups cgroups = kernel.cgroups();
    kernel.makeDirectory(base.resolve("pids/sandboxd/a"));
    SandboxException e = assertThrows(SandboxException.class, () -> cgroups.create("a"));
    assertEquals(ErrorCode.NAME_IN_USE, e.code());
    assertTrue(kernel.has("pids/sandboxd/a"));
    assertFalse(kernel.has("unified/sandboxd/a"));
    assertFalse(kernel.has("memory/sandboxd/a"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "a/b", "/a", ".hidden", "a\nb", "a\0b"})
  void aNameThatIsAPathIsRefused(String id) {
    Cgroups cgroups = FakeKernel.unified(base).cgroups();
    assertThrows(IllegalArgumentException.class, () -> cgroups.create(id));
    assertThrows(IllegalArgumentException.class, () -> cgroups.of(id));
  }

  @Test
  void aGroupThatCannotBeMadeLeavesNothing() {
    FakeKernel kernel = FakeKernel.hybrid(base);
    Cgroups cgroups = kernel.cgroups();
    kernel.refuse("cpuset.mems", Errno.ENOSPC);
    ErrnoException e = assertThrows(ErrnoException.class, () -> cgroups.create("a"));
    assertEquals(Errno.ENOSPC, e.errno());
    assertEquals(List.of(), cgroups.ids());
  }

  @Test
  void aRootThatWasRemovedIsMadeAgain() {
    FakeKernel kernel = FakeKernel.hybrid(base);
    Cgroups cgroups = kernel.cgroups();
    kernel.removeDirectory(base.resolve("memory/sandboxd"));
    cgroups.create("a");
    assertTrue(kernel.has("memory/sandboxd/a/memory.limit_in_bytes"));
  }
}
