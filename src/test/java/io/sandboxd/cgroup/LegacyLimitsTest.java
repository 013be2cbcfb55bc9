package io.sandboxd.cgroup;

import static io.sandboxd.cgroup.ResourcesOf.device;
import static io.sandboxd.cgroup.ResourcesOf.io;
import static io.sandboxd.cgroup.ResourcesOf.memory;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LegacyLimitsTest {
  private static final String NONE = "9223372036854771712";
  private static final String MEMORY = "memory/sandboxd/a/";
  private static final String CPU = "cpu,cpuacct/sandboxd/a/";
  private static final String IO = "blkio/sandboxd/a/";
  @TempDir Path base;
  private FakeKernel kernel;
  private Cgroup group;

  @BeforeEach
  void create() {
    kernel = FakeKernel.legacy(base);
    group = kernel.cgroups().create("a");
    kernel.writes.clear();
  }

  private String get(String file) {
    return kernel.get(file).strip();
  }

  @Test
  void aNewGroupWithoutLimitsCostsNoWrite() {
    group.apply(Resources.NONE);
    assertEquals(List.of(), kernel.writes);
  }

  @Test
  void swapIsLimitedTogetherWithMemory() {
    group.apply(memory(100L, null, 20L));
    assertEquals("100", get(MEMORY + "memory.limit_in_bytes"));
    assertEquals("120", get(MEMORY + "memory.memsw.limit_in_bytes"));
  }

  /**
   * The fake refuses, as the kernel does, any step at which memory would exceed memory and swap.
   */
  @ParameterizedTest
  @CsvSource({
    "100,0,50,0",
    "100,0,200,0",
    "100,50,120,0",
    "100,50,20,200",
    "100,,50,10",
    "100,10,300,",
    "100,10,,",
    ",,100,0"
  })
  void anyLimitsFollowAnyOthers(Long max, Long swap, Long nextMax, Long nextSwap) {
    group.apply(memory(max, null, swap));
    group.apply(memory(nextMax, null, nextSwap));
    String withSwap = nextMax == null || nextSwap == null ? NONE : "" + (nextMax + nextSwap);
    assertEquals(nextMax == null ? NONE : "" + nextMax, get(MEMORY + "memory.limit_in_bytes"));
    assertEquals(withSwap, get(MEMORY + "memory.memsw.limit_in_bytes"));
  }

  @Test
  void aLimitBelowWhatIsInUseIsBusy() {
    kernel.refuse("memory.limit_in_bytes", Errno.EBUSY);
    SandboxException e =
        assertThrows(SandboxException.class, () -> group.apply(memory(4096L, null, null)));
    assertEquals(ErrorCode.BUSY, e.code());
    assertEquals("resources.memory.max", e.fields().get("field"));
    assertEquals("EBUSY", e.fields().get("errnoName"));
  }

  @Test
  void cpu() {
    kernel.put(CPU + "cpu.cfs_period_us", "50000\n");
    group.apply(ResourcesOf.cpu(0.25, 10_000, "1"));
    assertEquals("100000", get(CPU + "cpu.cfs_period_us"));
    assertEquals("25000", get(CPU + "cpu.cfs_quota_us"));
    assertEquals("262144", get(CPU + "cpu.shares"));
    assertEquals("1", get("cpuset/sandboxd/a/cpuset.cpus"));
    group.apply(Resources.NONE);
    assertEquals("-1", get(CPU + "cpu.cfs_quota_us"));
    assertEquals("1024", get(CPU + "cpu.shares"));
    assertEquals("0-1", get("cpuset/sandboxd/a/cpuset.cpus"));
  }

  @Test
  void initIsNotCounted() {
    group.apply(pids(1L));
    assertEquals("2", get("pids/sandboxd/a/pids.max"));
  }

  @Test
  void io() {
    group.apply(ResourcesOf.io(device("/dev/vda", 10L, 20L, 30L, 40L)));
    assertEquals("254:0 10", get(IO + "blkio.throttle.read_bps_device"));
    assertEquals("254:0 20", get(IO + "blkio.throttle.write_bps_device"));
    assertEquals("254:0 30", get(IO + "blkio.throttle.read_iops_device"));
    assertEquals("254:0 40", get(IO + "blkio.throttle.write_iops_device"));
  }

  @Test
  void whatIsNotSaidOfADeviceAnyMoreIsUnlimited() {
    group.apply(
        ResourcesOf.io(
            device("/dev/vda", 10L, 20L, null, null), device("/dev/sda", 1L, null, null, null)));
    group.apply(ResourcesOf.io(device("/dev/sda", 2L, null, null, null)));
    assertEquals("8:0 2", get(IO + "blkio.throttle.read_bps_device"));
    assertEquals("", get(IO + "blkio.throttle.write_bps_device"));
    group.apply(Resources.NONE);
    assertEquals("", get(IO + "blkio.throttle.read_bps_device"));
  }

  @Test
  void ioWeightByBfq() {
    kernel.scheduler("254:0", "none [bfq]\n");
    group.apply(ResourcesOf.io(weight("/dev/vda", 50)));
    assertEquals("254:0 50", get(IO + "blkio.bfq.weight_device"));
    group.apply(Resources.NONE);
    assertEquals("", get(IO + "blkio.bfq.weight_device"));
  }
}
