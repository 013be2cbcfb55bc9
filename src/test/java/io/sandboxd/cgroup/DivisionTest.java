package io.sandboxd.cgroup;

import static io.sandboxd.cgroup.ResourcesOf.cpu;
import static io.sandboxd.cgroup.ResourcesOf.memory;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.linux.Errno;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who lives in a sandbox's group of cgroup v2 makes way for the controllers of its children. */
class DivisionTest {
  private static final String GROUP = "cgroup/sandboxd/a/";
  private static final String LEAF = GROUP + "_init/";
  private static final Resources MEMORY = memory(16L << 20, null, null);
  @TempDir Path base;
  private FakeKernel kernel;
  private Cgroup group;

  @BeforeEach
  void create() {
    kernel = FakeKernel.unified(base);
    group = kernel.cgroups().create("a");
    kernel.put(GROUP + "cgroup.procs", "10\n12\n11\n");
    kernel.writes.clear();
  }

  private List<String> get(String file) {
    return ControlText.words(kernel.get(file));
  }

  private void assertDivided(String... enabled) {
    assertEquals(List.of(), get(GROUP + "cgroup.procs"));
    assertEquals(List.of("10", "12", "11"), get(LEAF + "cgroup.procs"));
    assertEquals(List.of(enabled), get(GROUP + "cgroup.subtree_control"));
  }

  private void assertAsBefore() {
    assertEquals(List.of("10", "12", "11"), get(GROUP + "cgroup.procs"));
    assertEquals(List.of(), get(GROUP + "cgroup.subtree_control"));
    assertEquals(List.of(), kernel.directories(base.resolve(GROUP)));
  }

  @Test
  void allMoveToTheLeafOnce() {
    group.createChild("p1", MEMORY);
    assertDivided("memory", "pids");
    assertEquals("16777216", kernel.get(GROUP + "p1/memory.max").strip());
    kernel.writes.clear();
    kernel.cgroups().of("a").createChild("p2", MEMORY);
    assertEquals(List.of(GROUP + "p2/memory.max=16777216"), kernel.writes);
  }

  @Test
  void aControllerComesWhenItIsNeeded() {
    group.createChild("p1", MEMORY);
    assertFalse(kernel.has(LEAF + "cpu.weight"));
    group.createChild("p2", cpu(0.5, null, null));
    assertDivided("memory", "pids", "cpu");
    assertEquals("50000 100000", kernel.get(GROUP + "p2/cpu.max").strip());
    group.createChild("p3", cpu(null, null, "0"));
    assertDivided("memory", "pids", "cpu", "cpuset");
  }

  @Test
  void whoeverEntersTheSandboxFromThenOnEntersTheLeaf() {
    assertEquals(List.of(base.resolve(GROUP + "cgroup.procs")), group.entrances());
    Cgroup child = group.createChild("p1", MEMORY);
    assertEquals(List.of(base.resolve(LEAF + "cgroup.procs")), group.entrances());
    assertEquals(List.of(base.resolve(GROUP + "p1/cgroup.procs")), child.entrances());
  }

  @Test
  void theSandboxIsStillTheWholeOfIt() {
    Cgroup child = group.createChild("p1", MEMORY);
    kernel.put(GROUP + "p1/cgroup.procs", "20\n");
    assertEquals(List.of(10, 11, 12, 20), group.pids());
    assertEquals(List.of(20), child.pids());
    group.freeze();
    assertTrue(group.isFrozen());
    group.signalAll(15, 10);
    assertEquals(List.of("11:15:frozen", "12:15:frozen", "20:15:frozen"), kernel.signals);
    group.thaw();
    group.apply(memory(64L << 20, null, null));
    assertEquals("67108864", kernel.get(GROUP + "memory.max").strip());
    assertEquals("16777216", kernel.get(GROUP + "p1/memory.max").strip());
    kernel.writes.clear();
    group.kill();
    child.kill();
    assertTrue(kernel.writes.contains(GROUP + "cgroup.kill=1"));
    assertTrue(kernel.writes.contains(GROUP + "p1/cgroup.kill=1"));
  }

  @Test
  void onAHybridHostNobodyHasToMove() {
    kernel = FakeKernel.hybrid(base.resolve("hybrid"));
    group = kernel.cgroups().create("a");
    kernel.put("unified/sandboxd/a/cgroup.procs", "10\n");
    group.createChild("p1", new Resources(MEMORY.memory(), cpu(0.5, 1, "0").cpu(), null, null));
    assertEquals("10", kernel.get("unified/sandboxd/a/cgroup.procs").strip());
    assertEquals("", kernel.get("unified/sandboxd/a/cgroup.subtree_control"));
    assertFalse(kernel.has("unified/sandboxd/a/_init"));
  }

  @Test
  void childrenBornDuringTheMoveAreFetched() {
    AtomicInteger born = new AtomicInteger();
    kernel.processes.moved =
        pid -> {
          if (pid == 11 && born.getAndIncrement() == 0) {
            kernel.put(GROUP + "cgroup.procs", "13\n");
          }
        };
    group.createChild("p1", MEMORY);
    assertEquals(List.of("10", "12", "11", "13"), get(LEAF + "cgroup.procs"));
    assertEquals(List.of("memory", "pids"), get(GROUP + "cgroup.subtree_control"));
  }

  @Test
  void whoEndsIsWaitedFor() {
    kernel.processes.ending.add(12);
    AtomicInteger waits = new AtomicInteger();
    kernel.whileWaiting =
        () -> {
          if (waits.incrementAndGet() == 3) {
            kernel.put(GROUP + "cgroup.procs", "");
          }
        };
    group.createChild("p1", MEMORY);
    assertEquals(3, waits.get());
    assertEquals(List.of("10", "11"), get(LEAF + "cgroup.procs"));
  }

  @Test
  void whoHasEndedMeanwhileNeedNotMove() {
    kernel.refuse("cgroup.procs", Errno.ESRCH);
    group.createChild("p1", MEMORY);
    assertEquals(List.of("memory", "pids"), get(GROUP + "cgroup.subtree_control"));
  }

  @Test
  void whoCannotBeSeenCannotBeMoved() {
    kernel.put(GROUP + "cgroup.procs", "0\n");
    assertFailed("EBUSY", "cgroup.subtree_control");
    assertEquals(List.of("0"), get(GROUP + "cgroup.procs"));
  }

  @Test
  void anEndThatDoesNotComeIsNotWaitedForForEver() {
    kernel.processes.ending.add(11);
    assertFailed("EBUSY", "cgroup.subtree_control");
    assertEquals(List.of(10, 11, 12), group.pids());
    assertFalse(kernel.has(LEAF));
  }

  @ParameterizedTest
  @ValueSource(ints = {Errno.EINVAL, Errno.EBUSY, Errno.EOPNOTSUPP, Errno.ENOSPC})
  void aMoveThatIsRefusedLeavesAllAsItWas(int errno) {
    kernel.refuse("cgroup.procs", errno);
    assertFailed(Errno.name(errno), "_init/cgroup.procs");
    assertAsBefore();
  }

  @Test
  void controllersThatAreRefusedLeaveAllAsItWas() {
    kernel.refuse("cgroup.subtree_control", Errno.EOPNOTSUPP);
    assertFailed("EOPNOTSUPP", "cgroup.subtree_control");
    assertAsBefore();
    group.createChild("p1", MEMORY);
    assertDivided("memory", "pids");
  }

  private void assertFailed(String errnoName, String file) {
    SandboxException e =
        assertThrows(SandboxException.class, () -> group.createChild("p1", MEMORY));
    assertEquals(ErrorCode.LAUNCH_FAILED, e.code());
    assertEquals("resources", e.fields().get("field"));
    assertEquals("cgroup", e.fields().get("step"));
    assertEquals("write", e.fields().get("syscall"));
    assertEquals(errnoName, e.fields().get("errnoName"));
    assertEquals(base.resolve(GROUP + file).toString(), e.fields().get("path"));
    assertFalse(kernel.has(GROUP + "p1"));
  }

  @Test
  void whatCannotBeUndoneIsTold() {
    kernel.refuse("cgroup.subtree_control", Errno.EOPNOTSUPP);
    kernel.processes.moved = pid -> kernel.processes.ending.add(pid);
    SandboxException e =
        assertThrows(SandboxException.class, () -> group.createChild("p1", MEMORY));
    assertEquals("EOPNOTSUPP", e.fields().get("errnoName"));
    assertTrue(e.getCause().getSuppressed()[0].getMessage().contains("rmdir"));
  }

  @Test
  void aLaterControllerThatIsRefusedChangesNothing() {
    group.createChild("p1", MEMORY);
    kernel.refuse("cgroup.subtree_control", Errno.EINVAL);
    assertThrows(SandboxException.class, () -> group.createChild("p2", cpu(0.5, null, null)));
    assertDivided("memory", "pids");
    assertTrue(kernel.has(GROUP + "p1"));
    assertFalse(kernel.has(GROUP + "p2"));
  }

  @Test
  void whatWasCutOffHalfWayIsCompleted() {
    kernel.makeDirectory(base.resolve(LEAF));
    kernel.put(GROUP + "cgroup.procs", "11\n");
    kernel.put(LEAF + "cgroup.procs", "10\n12\n");
    kernel.cgroups().of("a").createChild("p1", MEMORY);
    assertDivided("memory", "pids");
  }

  @Test
  void groupsOfTheSandboxsOwnAreNotInterferedWith() {
    kernel.makeDirectory(base.resolve(GROUP + "inner"));
    SandboxException e =
        assertThrows(SandboxException.class, () -> group.createChild("p1", MEMORY));
    assertEquals(ErrorCode.LAUNCH_FAILED, e.code());
    assertEquals("resources", e.fields().get("field"));
    assertEquals(base.resolve(GROUP + "inner").toString(), e.fields().get("path"));
    assertEquals(List.of(), kernel.writes);
    assertEquals(List.of(base.resolve(GROUP + "inner")), kernel.directories(base.resolve(GROUP)));
  }

  @Test
  void groupsMadeInsideLaterAreNoHindrance() {
    group.createChild("p1", MEMORY);
    kernel.makeDirectory(base.resolve(GROUP + "inner"));
    group.createChild("p2", cpu(0.5, null, null));
    assertDivided("memory", "pids", "cpu");
  }

  /** The first one fails late, and takes back what the second one would build on. */
  @Test
  void twoAtATimeDoNotGetInEachOthersWay() throws Exception {
    Cgroups cgroups = kernel.cgroups();
    cgroups.create("b");
    kernel.processes.ending.add(11);
    CompletableFuture<Cgroup> second = new CompletableFuture<>();
    AtomicReference<Thread> waiting = new AtomicReference<>();
    kernel.whileWaiting =
        () -> {
          if (waiting.get() == null) {
            cgroups.of("b").createChild("p1", MEMORY);
            waiting.set(
                new Thread(() -> second.complete(cgroups.of("a").createChild("p2", MEMORY))));
            waiting.get().start();
            while (waiting.get().getState() != Thread.State.BLOCKED) {
              assertTrue(waiting.get().isAlive(), "the second one did not wait");
              Thread.onSpinWait();
            }
          }
        };
    kernel.processes.moved =
        pid -> {
          if (waiting.get() == Thread.currentThread()) {
            kernel.processes.ending.clear();
          }
        };
    assertThrows(SandboxException.class, () -> cgroups.of("a").createChild("p1", MEMORY));
    assertEquals("/sandboxd/a/p2", second.get(60, TimeUnit.SECONDS).path());
    assertEquals(List.of(10, 11, 12), group.pids());
    assertEquals(List.of(), get(GROUP + "cgroup.procs"));
    assertTrue(kernel.has("cgroup/sandboxd/b/p1"));
  }
}
