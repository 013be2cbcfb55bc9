package io.sandboxd.cgroup;

import static io.sandboxd.cgroup.ResourcesOf.device;
import static io.sandboxd.cgroup.ResourcesOf.io;
import static io.sandboxd.cgroup.ResourcesOf.pids;
import static io.sandboxd.cgroup.ResourcesOf.weight;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sandboxd.linux.Errno;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnifiedLimitsTest {
  private static final String GROUP = "cgroup/sandboxd/a/";
  @TempDir Path base;
  private FakeKernel kernel;
  private Cgroup group;

  @BeforeEach
  void create() {
    kernel = FakeKernel.unified(base);
    group = kernel.cgroups().create("a");
    kernel.writes.clear();
  }

  private String get(String file) {
    return kernel.get(GROUP + file).strip();
  }

  @Test
  void aNewGroupWithoutLimitsCostsNoWrite() {
    group.apply(Resources.NONE);
    assertEquals(List.of(), kernel.writes);
  }

  @Test
  void memory() {
    group.apply(ResourcesOf.memory(64L << 20, 32L << 20, 0L));
    assertEquals("67108864", get("memory.max"));
    assertEquals("33554432", get("memory.high"));
    assertEquals("0", get("memory.swap.max"));
  }

  @Test
  void whatIsNotSaidAnyMoreIsUnlimitedAgain() {
    group.apply(ResourcesOf.memory(64L << 20, 32L << 20, 0L));
    group.apply(ResourcesOf.cpu(0.5, 300, "1"));
    assertEquals("max", get("memory.max"));
    assertEquals("max", get("memory.high"));
    assertEquals("max", get("memory.swap.max"));
    group.apply(pids(64L));
    assertEquals("max 100000", get("cpu.max"));
    assertEquals("100", get("cpu.weight"));
    assertEquals("0-1", get("cpuset.cpus"));
    group.apply(null);
    assertEquals("max", get("pids.max"));
  }

  @Test
  void aGroupFoundAgainIsNotTakenForNew() {
    group.apply(ResourcesOf.memory(64L << 20, null, null));
    kernel.cgroups().of("a").apply(Resources.NONE);
    assertEquals("max", get("memory.max"));
  }

  @Test
  void cpu() {
    group.apply(ResourcesOf.cpu(1.5, 300, "0-1"));
    assertEquals("150000 100000", get("cpu.max"));
    assertEquals("300", get("cpu.weight"));
    assertEquals("0-1", get("cpuset.cpus"));
  }

  @Test
  void initIsNotCounted() {
    group.apply(pids(64L));
    assertEquals("65", get("pids.max"));
    kernel.put(GROUP + "pids.current", "3\n");
    assertEquals(new Stats.Pids(2L, null, 64L), group.figures().stats().pids());
  }

  @Test
  void ioOfADeviceIsSetAtOnce() {
    group.apply(io(device("/dev/vda", 10L, null, 100L, null)));
    assertEquals(
        List.of(GROUP + "io.max=254:0 rbps=10 wbps=max riops=100 wiops=max"), kernel.writes);
  }

  @Test
  void aDeviceThatIsNotNamedAnyMoreIsUnlimited() {
    group.apply(
        io(device("/dev/vda", 10L, 20L, 30L, 40L), device("/dev/sda", 5L, null, null, null)));
    group.apply(io(device("/dev/sda", null, 6L, null, null)));
    assertEquals("8:0 rbps=max wbps=6 riops=max wiops=max", get("io.max"));
  }

  @Test
  void ioWeightByTheCostModel() {
    kernel.put("cgroup/io.cost.qos", "254:0 enable=1 ctrl=auto\n");
    group.apply(io(weight("/dev/vda", 500)));
    assertEquals("default 100\n254:0 500", get("io.weight"));
    group.apply(io(weight("/dev/vda", null)));
    assertEquals("default 100", get("io.weight"));
  }

  @Test
  void ioWeightByBfqIsScaledToItsRange() {
    kernel.put("cgroup/sandboxd/io.bfq.weight", "");
    kernel.put(GROUP + "io.bfq.weight", "default 100\n");
    kernel.scheduler("254:0", "none mq-deadline [bfq]\n");
    group.apply(io(weight("/dev/vda", 10_000)));
    assertEquals("default 100\n254:0 1000", get("io.bfq.weight"));
    group.apply(io(weight("/dev/vda", 100)));
    assertEquals("default 100\n254:0 100", get("io.bfq.weight"));
    group.apply(Resources.NONE);
    assertEquals("default 100", get("io.bfq.weight"));
  }

  @Test
  void aRefusalNamesTheFieldTheFileAndTheErrno() {
    kernel.refuse("memory.max", Errno.EINVAL);
    SandboxException e =
        assertThrows(SandboxException.class, () -> group.apply(ResourcesOf.memory(1L, null, null)));
    assertEquals(ErrorCode.LAUNCH_FAILED, e.code());
    assertEquals("resources.memory.max", e.fields().get("field"));
    assertEquals("cgroup", e.fields().get("step"));
    assertEquals("write", e.fields().get("syscall"));
    assertEquals(base.resolve(GROUP + "memory.max").toString(), e.fields().get("path"));
    assertEquals(Errno.EINVAL, e.fields().get("errno"));
    assertEquals("EINVAL", e.fields().get("errnoName"));
  }

  @Test
  void whatCannotBeEnforcedChangesNothing() {
    Resources.Io unknown = device("/dev/none", 1L, null, null, null);
    Resources wanted = new Resources(null, null, new Resources.Pids(5L), List.of(unknown));
    SandboxException e = assertThrows(SandboxException.class, () -> group.apply(wanted));
    assertEquals(ErrorCode.INVALID_SPEC, e.code());
    assertEquals(List.of(), kernel.writes);
  }

  @Test
  void limitsOfAGroupThatIsGoneAreRefused() {
    group.remove();
    SandboxException e = assertThrows(SandboxException.class, () -> group.apply(pids(1L)));
    assertEquals("ENOENT", e.fields().get("errnoName"));
  }
}
