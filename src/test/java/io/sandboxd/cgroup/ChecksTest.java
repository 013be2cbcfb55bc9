package io.sandboxd.cgroup;

import static io.sandboxd.cgroup.ResourcesOf.cpu;
import static io.sandboxd.cgroup.ResourcesOf.device;
import static io.sandboxd.cgroup.ResourcesOf.io;
import static io.sandboxd.cgroup.ResourcesOf.memory;
import static io.sandboxd.cgroup.ResourcesOf.pids;
import static io.sandboxd.cgroup.ResourcesOf.weight;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

/** What a host cannot enforce is refused, naming the field and the reason. */
class ChecksTest {
  @TempDir Path base;

  private static void assertRefused(
      FakeKernel kernel, Resources wanted, String field, String reason) {
    Cgroups cgroups = kernel.cgroups();
    SandboxException e = assertThrows(SandboxException.class, () -> cgroups.check(wanted));
    assertEquals(ErrorCode.INVALID_SPEC, e.code());
    assertEquals(field, e.fields().get("field"));
    assertTrue(e.getMessage().contains(reason), e.getMessage());
  }

  private static final Resources ALL_KINDS =
      new Resources(
          new Resources.Memory(new ByteSize(64 << 20), null, new ByteSize(0)),
          new Resources.Cpu(0.5, 100, "0"),
          new Resources.Pids(64L),
          List.of(device("/dev/vda", 1L, 1L, 1L, 1L)));

  @ParameterizedTest
  @ValueSource(strings = {"unified", "legacy", "hybrid"})
  void whatAHostCanEnforceIsAccepted(String mode) {
    FakeKernel kernel =
        mode.equals("unified")
            ? FakeKernel.unified(base)
            : mode.equals("legacy") ? FakeKernel.legacy(base) : FakeKernel.hybrid(base);
    Cgroups cgroups = kernel.cgroups();
    assertEquals(mode, cgroups.mode());
    assertDoesNotThrow(() -> cgroups.check(ALL_KINDS));
    assertDoesNotThrow(() -> cgroups.check(Resources.NONE));
    assertDoesNotThrow(() -> cgroups.check(null));
  }

  static Stream<Arguments> limitsAndFields() {
    return Stream.of(
        Arguments.of(memory(1L, null, null), "resources.memory.max", "memory"),
        Arguments.of(memory(null, 1L, null), "resources.memory.high", "memory"),
        Arguments.of(memory(null, null, 1L), "resources.memory.swapMax", "memory"),
        Arguments.of(cpu(1.0, null, null), "resources.cpu.max", "cpu"),
        Arguments.of(cpu(null, 1, null), "resources.cpu.weight", "cpu"),
        Arguments.of(cpu(null, null, "0"), "resources.cpu.cpuset", "cpuset"),
        Arguments.of(pids(1L), "resources.pids.max", "pids"),
        Arguments.of(io(weight("/dev/vda", null)), "resources.io[0]", "io"));
  }

  @ParameterizedTest
  @MethodSource("limitsAndFields")
  void aLimitOfAMissingControllerIsRefused(Resources wanted, String field, String controller) {
    assertRefused(
        new FakeKernel(base).mountUnified("cgroup", "hugetlb"),
        wanted,
        field,
        "no " + controller + " controller");
  }

  @Test
  void noSwapAccounting() {
    assertRefused(
        FakeKernel.unified(base).without("memory.swap.max"),
        memory(null, null, 0L),
        "resources.memory.swapMax",
        "swap accounting");
  }

  @Test
  void noLegacySwapAccounting() {
    assertRefused(
        FakeKernel.legacy(base).without("memory.memsw.limit_in_bytes"),
        memory(1L << 20, null, 0L),
        "resources.memory.swapMax",
        "swap accounting");
  }

  @Test
  void legacyMemoryCannotThrottleAtAMark() {
    assertRefused(
        FakeKernel.legacy(base),
        memory(null, 1L << 20, null),
        "resources.memory.high",
        "cgroup v1");
  }

  @Test
  void legacySwapNeedsAMemoryLimit() {
    assertRefused(
        FakeKernel.legacy(base),
        memory(null, null, 0L),
        "resources.memory.swapMax",
        "give max too");
  }

  @Test
  void noBandwidthControl() {
    assertRefused(
        FakeKernel.unified(base).without("cpu.max"),
        cpu(0.5, null, null),
        "resources.cpu.max",
        "cpu.max");
  }

  @Test
  void noLegacyBandwidthControl() {
    assertRefused(
        FakeKernel.legacy(base).without("cpu.cfs_quota_us"),
        cpu(0.5, null, null),
        "resources.cpu.max",
        "cpu.cfs_quota_us");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, 0.009, 1e9, Double.NaN, Double.POSITIVE_INFINITY})
  void aCpuLimitThatIsNone(double max) {
    assertRefused(
        FakeKernel.unified(base), cpu(max, null, null), "resources.cpu.max", "number of CPUs");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 10_001})
  void aWeightThatIsNone(int weight) {
    assertRefused(
        FakeKernel.legacy(base), cpu(null, weight, null), "resources.cpu.weight", "1 to 10000");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a", "1-0", "0,"})
  void aCpusetThatIsNone(String cpuset) {
    assertRefused(
        FakeKernel.unified(base), cpu(null, null, cpuset), "resources.cpu.cpuset", "list of CPUs");
  }

  @ParameterizedTest
  @ValueSource(strings = {"unified", "legacy"})
  void aCpuThatIsNotThere(String mode) {
    Function<Path, FakeKernel> host =
        mode.equals("unified") ? FakeKernel::unified : FakeKernel::legacy;
    assertRefused(
        host.apply(base),
        cpu(null, null, "0,7"),
        "resources.cpu.cpuset",
        "CPU 7 is not there; this host offers 0-1");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, 5_000_000})
  void aNumberOfPidsThatIsNone(long max) {
    assertRefused(FakeKernel.unified(base), pids(max), "resources.pids.max", "from 1 to");
  }

  static Stream<Arguments> devices() {
    return Stream.of(
        Arguments.of(device(null, null, null, null, null), "device", "does not exist"),
        Arguments.of(device("/dev/none", 1L, null, null, null), "device", "does not exist"),
        Arguments.of(device("/dev/sda1", 1L, null, null, null), "device", "partition"),
        Arguments.of(device("/dev/sda", 1L, null, null, null), "device", "same device"),
        Arguments.of(device("/dev/vda", 0L, null, null, null), "rbps", "1 or more"),
        Arguments.of(device("/dev/vda", null, 0L, null, null), "wbps", "1 or more"),
        Arguments.of(device("/dev/vda", null, null, 0L, null), "riops", "1 or more"),
        Arguments.of(device("/dev/vda", null, null, null, 0L), "wiops", "1 or more"),
        Arguments.of(weight("/dev/vda", 0), "weight", "1 to 10000"),
        Arguments.of(weight("/dev/vda", 200), "weight", "no scheduler"));
  }

  @ParameterizedTest
  @MethodSource("devices")
  void aDeviceThatCannotBeLimited(Resources.Io io, String field, String reason) {
    Resources wanted = io(device("/dev/sda", 1L, null, null, null), io);
    assertRefused(FakeKernel.unified(base), wanted, "resources.io[1]." + field, reason);
  }

  @Test
  void noThrottling() {
    assertRefused(
        FakeKernel.unified(base).without("io.max"),
        io(device("/dev/vda", 1L, null, null, null)),
        "resources.io[0]",
        "io.max");
  }

  @Test
  void noLegacyThrottling() {
    assertRefused(
        FakeKernel.legacy(base).without("blkio.throttle.write_iops_device"),
        io(device("/dev/vda", null, null, null, 1L)),
        "resources.io[0].wiops",
        "blkio.throttle.write_iops_device");
  }

  @Test
  void aWeightIsAcceptedWhereTheSchedulerKnowsIt() {
    FakeKernel kernel = FakeKernel.legacy(base);
    kernel.scheduler("254:0", "mq-deadline [bfq] none\n");
    Cgroups cgroups = kernel.cgroups();
    assertDoesNotThrow(() -> cgroups.check(io(weight("/dev/vda", 200))));
    assertThrows(SandboxException.class, () -> cgroups.check(io(weight("/dev/sda", 200))));
  }

  @Test
  void whatIsNoBlockDeviceHasNoNumbers() {
    BlockDevices devices = BlockDevices.ofHost(FakeKernel.unified(base));
    for (String path : List.of("/dev/null", "/", "relative", "/nonexistent", "/a\0b")) {
      assertEquals(null, devices.numbersOf().apply(path), path);
    }
  }
}
