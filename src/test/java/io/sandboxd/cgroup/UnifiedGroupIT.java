package io.sandboxd.cgroup;

import static io.sandboxd.cgroup.ResourcesOf.cpu;
import static io.sandboxd.cgroup.ResourcesOf.memory;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What only cgroup v2 has, with all controllers in it. */
class UnifiedGroupIT extends OnRealHosts {
  private static final Path PERL = Path.of("/usr/bin/perl");

  /** clone3(2) with CLONE_INTO_CGROUP and SIGCHLD, by its number: perl knows neither name. */
  private static final String BORN_INSIDE =
      "sysopen(my $group, shift, 0200000) or die $!;"
          + " my $args = pack('Q11', 0x200000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, fileno $group);"
          + " my $pid = syscall(435, $args, 88);"
          + " die $! if $pid < 0;"
          + " if ($pid == 0) { exec 'cat', '/proc/self/cgroup' }"
          + " waitpid $pid, 0;";

  private static void onUnified(RealHost host) {
    assumeTrue(host.hasUnifiedMemory(), "this host has v1 hierarchies");
  }

  private static Path directory(Cgroup group) {
    return group.entrances().get(0).getParent();
  }

  /** If the operator wants so: ours leave it to the kernel whom it kills, to spare init. */
  @ParameterizedTest
  @MethodSource("hosts")
  void aGroupThatIsToDieAsOneDoesAndIsCounted(RealHost host) throws Exception {
    onUnified(host);
    Cgroup group = host.cgroups.create("a");
    group.apply(memory(32 * MIB, null, 0L));
    Inhabitant bystander = Inhabitant.start(group, "exec sleep 1000");
    assertEquals(KILLED, Inhabitant.start(group, "exec tail /dev/zero").await());
    assertTrue(bystander.isAlive());
    assertEquals(1, group.figures().oomKills());
    Files.writeString(directory(group).resolve("memory.oom.group"), "1");
    assertEquals(KILLED, Inhabitant.start(group, "exec tail /dev/zero").await());
    assertEquals(KILLED, bystander.await());
    // Some kernels count the one that was chosen once more, with its group.
    assertTrue(group.figures().oomKills() >= 3, group.figures().oomKills() + " kills");
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void whoIsClonedIntoAGroupIsBornThere(RealHost host) throws Exception {
    onUnified(host);
    assumeTrue(Files.exists(PERL), "there is no perl, which would make the call");
    Cgroup group = host.cgroups.create("a");
    Process perl =
        new ProcessBuilder(PERL.toString(), "-e", BORN_INSIDE, directory(group).toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertEquals(
        "0::" + group.path(),
        new String(perl.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip());
    assertEquals(0, perl.waitFor());
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void whoHasToWaitIsUnderPressure(RealHost host) throws Exception {
    onUnified(host);
    Cgroup group = host.cgroups.create("a");
    group.apply(cpu(0.1, null, null));
    Inhabitant burner = Inhabitant.start(group, BURN);
    eventually(() -> group.figures().stats().pressure().cpu().some().total() > 100_000);
    group.apply(memory(16 * MIB, 8 * MIB, null));
    Inhabitant hog = Inhabitant.start(group, "exec tail /dev/zero");
    eventually(() -> group.figures().stats().pressure().memory().full().total() > 0);
    group.kill();
    assertEquals(KILLED, burner.await());
    assertEquals(KILLED, hog.await());
  }
}
