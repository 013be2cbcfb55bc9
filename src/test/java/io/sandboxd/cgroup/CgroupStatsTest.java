package io.sandboxd.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CgroupStatsTest {
  @TempDir Path base;

  private static final String PRESSURE =
      "some avg10=1.50 avg60=0.25 avg300=0.00 total=1234\n"
          + "full avg10=0.00 avg60=0.00 avg300=0.00 total=56\n";

  @Test
  void unified() {
    FakeKernel kernel = FakeKernel.unified(base);
    Cgroup group = kernel.cgroups().create("a");
    String dir = "cgroup/sandboxd/a/";
    kernel.put(dir + "memory.current", "100\n");
    kernel.put(dir + "memory.peak", "200\n");
    kernel.put(dir + "memory.max", "300\n");
    kernel.put(dir + "memory.swap.current", "4\n");
    kernel.put(dir + "memory.events", "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\n");
    kernel.put(
        dir + "cpu.stat",
        "usage_usec 30\n"
            + "user_usec 20\n"
            + "system_usec 10\n"
            + "nr_periods 9\n"
            + "nr_throttled 5\n"
            + "throttled_usec 6\n");
    kernel.put(dir + "pids.current", "4\n");
    kernel.put(dir + "pids.peak", "9\n");
    kernel.put(dir + "io.stat", "254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n8:0 \n");
    kernel.put(dir + "memory.pressure", PRESSURE);
    kernel.put(dir + "cpu.pressure", PRESSURE.split("\n")[0] + "\n");

    Stats stats = group.figures().stats();
    assertEquals(new Stats.Memory(100L, 200L, 300L, 4L), stats.memory());
    assertEquals(new Stats.Cpu(30L, 20L, 10L, 5L, 6L), stats.cpu());
    assertEquals(new Stats.Pids(3L, 8L, null), stats.pids());
    assertEquals(List.of(new Stats.Io("254:0", 1, 2, 3, 4)), stats.io());
    Stats.Line some = new Stats.Line(1.5, 0.25, 1234);
    assertEquals(
        new Stats.Pressure(
            new Stats.Stall(some, new Stats.Line(0, 0, 56)), new Stats.Stall(some, null), null),
        stats.pressure());
    assertEquals(2L, stats.oomKills());
    assertEquals(2, group.figures().oomKills());
  }

  @Test
  void legacy() {
    FakeKernel kernel = FakeKernel.legacy(base);
    Cgroup group = kernel.cgroups().create("a");
    String memory = "memory/sandboxd/a/";
    String cpu = "cpu,cpuacct/sandboxd/a/";
    String io = "blkio/sandboxd/a/";
    kernel.put(memory + "memory.usage_in_bytes", "100\n");
    kernel.put(memory + "memory.max_usage_in_bytes", "200\n");
    kernel.put(memory + "memory.memsw.usage_in_bytes", "104\n");
    kernel.put(memory + "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    kernel.put(cpu + "cpuacct.usage", "30999\n");
    kernel.put(cpu + "cpuacct.usage_user", "20000\n");
    kernel.put(cpu + "cpuacct.usage_sys", "10999\n");
    kernel.put(cpu + "cpu.stat", "nr_periods 9\nnr_throttled 5\nthrottled_time 6000\n");
    kernel.put(io + "blkio.throttle.io_service_bytes", "254:0 Read 999\n");
    kernel.put(
        io + "blkio.throttle.io_service_bytes_recursive",
        "254:0 Read 1\n254:0 Write 2\n254:0 Sync 3\n254:0 Total 3\nTotal 3\n");
    kernel.put(io + "blkio.throttle.io_serviced", "254:0 Read 3\n254:0 Write 4\nTotal 7\n");

    Stats stats = group.figures().stats();
    assertEquals(new Stats.Memory(100L, 200L, null, 4L), stats.memory());
    assertEquals(new Stats.Cpu(30L, 20L, 10L, 5L, 6L), stats.cpu());
    assertEquals(List.of(new Stats.Io("254:0", 1, 2, 3, 4)), stats.io());
    assertNull(stats.pressure());
    assertEquals(2, stats.oomKills());
  }

  @Test
  void aHybridHostCountsCpuTimeOnCgroup2AndThrottlingOnV1() {
    FakeKernel kernel = FakeKernel.hybrid(base);
    Cgroup group = kernel.cgroups().create("a");
    kernel.put("unified/sandboxd/a/cpu.stat", "usage_usec 30\nuser_usec 20\nsystem_usec 10\n");
    kernel.put("unified/sandboxd/a/memory.pressure", PRESSURE);
    kernel.put("cpu,cpuacct/sandboxd/a/cpu.stat", "nr_throttled 5\nthrottled_time 6000\n");
    assertEquals(new Stats.Cpu(30L, 20L, 10L, 5L, 6L), group.figures().stats().cpu());
    assertEquals(56, group.figures().stats().pressure().memory().full().total());
  }

  @Test
  void legacyOomKillsAreCountedInGroupsMadeInside() {
    FakeKernel kernel = FakeKernel.legacy(base);
    Cgroup group = kernel.cgroups().create("a");
    kernel.makeDirectory(base.resolve("memory/sandboxd/a/inner"));
    kernel.put("memory/sandboxd/a/memory.oom_control", "oom_kill 1\n");
    kernel.put("memory/sandboxd/a/inner/memory.oom_control", "oom_kill 2\n");
    assertEquals(3, group.figures().oomKills());
  }

  @Test
  void devicesHaveTheirUsualNames() {
    FakeKernel kernel = FakeKernel.unified(base);
    Cgroup group = kernel.cgroups().create("a");
    kernel.put("cgroup/sandboxd/a/io.stat", "254:0 rbytes=1 wbytes=odd\n");
    kernel.scheduler("254:0", "none\n");
    kernel.put("sys/254:0/uevent", "MAJOR=254\nMINOR=0\nDEVNAME=vda\nDEVTYPE=disk\n");
    assertEquals(List.of(new Stats.Io("/dev/vda", 1, 0, 0, 0)), group.figures().stats().io());
  }

  @Test
  void aGroupThatIsGoneOrOddHasNoFigures() {
    FakeKernel kernel = FakeKernel.unified(base);
    Cgroups cgroups = kernel.cgroups();
    Stats gone = cgroups.of("a").figures().stats();
    assertEquals(new Stats.Memory(null, null, null, null), gone.memory());
    assertNull(gone.cpu());
    assertNull(gone.pressure());
    assertEquals(List.of(), gone.io());

    Cgroup group = cgroups.create("a");
    for (String file :
        List.of("memory.current", "cpu.stat", "io.stat", "pids.current", "memory.events")) {
      kernel.put("cgroup/sandboxd/a/" + file, "\0odd odd=odd 1=2 = some full\n\n");
    }
    kernel.put("cgroup/sandboxd/a/memory.pressure", "some avg10=x total=1\nfull\n");
    assertNull(group.figures().stats().memory().current());
    assertNull(group.figures().stats().pressure());
    assertEquals(0, group.figures().oomKills());
  }
}
