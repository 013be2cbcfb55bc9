package io.sandboxd.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.linux.Errno;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CgroupProcessesTest {
  private static final String UNIFIED = "cgroup/sandboxd/a/";
  private static final String FREEZER = "freezer/sandboxd/a/";
  @TempDir Path base;
  private FakeKernel kernel;

  private Cgroup unified() {
    kernel = FakeKernel.unified(base);
    return createWithProcesses(UNIFIED);
  }

  private Cgroup legacy() {
    kernel = FakeKernel.legacy(base);
    return createWithProcesses("memory/sandboxd/a/");
  }

  private Cgroup createWithProcesses(String dir) {
    Cgroup group = kernel.cgroups().create("a");
    kernel.put(dir + "cgroup.procs", "10\n12\n11\n");
    kernel.writes.clear();
    return group;
  }

  @Test
  void processesOfGroupsMadeInsideBelongToo() {
    Cgroup group = unified();
    kernel.makeDirectory(base.resolve(UNIFIED + "inner"));
    kernel.makeDirectory(base.resolve(UNIFIED + "inner/most"));
    kernel.put(UNIFIED + "inner/most/cgroup.procs", "7\n0\nodd\n");
    assertEquals(List.of(7, 10, 11, 12), group.pids());
  }

  @Test
  void freezingAndThawing() {
    Cgroup group = unified();
    assertFalse(group.isFrozen());
    group.freeze();
    assertTrue(group.isFrozen());
    group.thaw();
    assertFalse(group.isFrozen());
    assertEquals(List.of(UNIFIED + "cgroup.freeze=1", UNIFIED + "cgroup.freeze=0"), kernel.writes);
  }

  @Test
  void freezingOnV1IsTriedUntilAllStop() {
    Cgroup group = legacy();
    kernel.freezes = false;
    AtomicInteger waits = new AtomicInteger();
    kernel.whileWaiting = () -> kernel.freezes = waits.incrementAndGet() == 3;
    group.freeze();
    assertTrue(group.isFrozen());
    assertEquals(4, kernel.writes.size());
    group.thaw();
    assertEquals("THAWED", kernel.get(FREEZER + "freezer.state").strip());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFreezeThatDoesNotCompleteIsUndone(boolean unified) {
    Cgroup group = unified ? unified() : legacy();
    kernel.freezes = false;
    SandboxException e = assertThrows(SandboxException.class, group::freeze);
    assertEquals(ErrorCode.BUSY, e.code());
    assertFalse(group.isFrozen());
    String file = unified ? UNIFIED + "cgroup.freeze" : FREEZER + "freezer.state";
    assertEquals(unified ? "0" : "THAWED", kernel.get(file).strip());
  }

  @Test
  void aHostWithoutAFreezerSaysSo() {
    kernel = new FakeKernel(base).mountLegacy("memory", "rw,memory");
    Cgroup group = createWithProcesses("memory/sandboxd/a/");
    SandboxException e = assertThrows(SandboxException.class, group::freeze);
    assertEquals(ErrorCode.NOT_PERMITTED, e.code());
    group.thaw();
    assertFalse(group.isFrozen());
    group.kill();
    assertEquals(List.of("10:9:running", "11:9:running", "12:9:running"), kernel.signals);
  }

  @Test
  void killIsOneWriteWhereTheKernelCanDoIt() {
    Cgroup group = unified();
    group.kill();
    assertEquals(UNIFIED + "cgroup.kill=1", kernel.writes.get(0));
    assertEquals(List.of(), kernel.signals);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void killElsewhereHoldsAllStillSignalsEachAndLetsThemDie(boolean unified) {
    kernel = unified ? FakeKernel.unified(base).without("cgroup.kill") : FakeKernel.legacy(base);
    Cgroup group = createWithProcesses(unified ? UNIFIED : "pids/sandboxd/a/");
    group.kill();
    assertEquals(List.of("10:9:frozen", "11:9:frozen", "12:9:frozen"), kernel.signals);
    assertFalse(group.isFrozen());
  }

  @Test
  void aSignalSparesTheOneItShould() {
    Cgroup group = legacy();
    group.signalAll(15, 11);
    assertEquals(List.of("10:15:frozen", "12:15:frozen"), kernel.signals);
    assertFalse(group.isFrozen());
  }

  @Test
  void whoIsPausedStaysPausedUnlessKilled() {
    Cgroup group = unified();
    group.freeze();
    group.signalAll(15, 0);
    assertTrue(group.isFrozen());
    group.signalAll(9, 0);
    assertFalse(group.isFrozen());
    assertEquals(6, kernel.signals.size());
  }

  @Test
  void killThawsWhoIsPaused() {
    Cgroup group = unified();
    group.freeze();
    group.kill();
    assertFalse(group.isFrozen());
  }

  @Test
  void whoCannotBeStoppedIsSignalledAllTheSame() {
    Cgroup group = unified();
    kernel.freezes = false;
    group.signalAll(15, 0);
    assertEquals(List.of("10:15:running", "11:15:running", "12:15:running"), kernel.signals);
    assertEquals("0", kernel.get(UNIFIED + "cgroup.freeze"));
  }

  @Test
  void freezingThatIsRefusedDoesNotKeepASignalBack() {
    Cgroup group = unified();
    kernel.refuse("cgroup.freeze", Errno.EOPNOTSUPP);
    group.signalAll(15, 0);
    assertEquals(3, kernel.signals.size());
  }

  @Test
  void aGroupThatIsGoneHasNothingToKill() {
    Cgroup group = unified();
    kernel.put(UNIFIED + "cgroup.procs", "");
    group.remove();
    group.kill();
    group.signalAll(15, 0);
    group.thaw();
    assertEquals(List.of(), group.pids());
    assertEquals(List.of(), kernel.signals);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void removalWaitsForTheLastProcessAndTakesWhatIsBelow(boolean unified) {
    kernel = unified ? FakeKernel.unified(base) : FakeKernel.hybrid(base);
    Cgroups cgroups = kernel.cgroups();
    Cgroup group = cgroups.create("a");
    String inner = unified ? UNIFIED + "inner" : "memory/sandboxd/a/inner";
    kernel.makeDirectory(base.resolve(inner));
    kernel.makeDirectory(base.resolve(inner + "/most"));
    kernel.put(inner + "/most/cgroup.procs", "10\n");
    AtomicInteger waits = new AtomicInteger();
    kernel.whileWaiting =
        () -> {
          if (waits.incrementAndGet() == 3) {
            kernel.put(inner + "/most/cgroup.procs", "");
          }
        };
    group.remove();
    assertEquals(3, waits.get());
    assertEquals(List.of(), cgroups.ids());
    group.remove();
  }

  @Test
  void removalThatCannotEndNamesTheProcesses() {
    Cgroup group = legacy();
    SandboxException e = assertThrows(SandboxException.class, group::remove);
    assertEquals(ErrorCode.BUSY, e.code());
    assertTrue(e.getMessage().contains("[10, 11, 12]"), e.getMessage());
  }
}
