package io.sandboxd.cgroup;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Tests of the kernel's own control groups with real processes in them. Needs root. */
abstract class OnRealHosts {
  static final long MIB = 1 << 20;
  static final int SIGTERM = 15;
  static final int SIGKILL = 9;
  static final int KILLED = 128 + SIGKILL;
  static final String BURN = "while :; do :; done";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir static Path scratch;
  private static final List<RealHost> HOSTS = new ArrayList<>();

  @BeforeAll
  static void findHosts() throws IOException {
    assumeTrue("root".equals(System.getProperty("user.name")), "making control groups takes root");
    HOSTS.addAll(RealHost.all(scratch));
  }

  static List<RealHost> hosts() {
    return HOSTS;
  }

  @AfterEach
  void removeGroups() {
    HOSTS.forEach(RealHost::removeGroups);
  }

  @AfterAll
  static void leaveNothing() {
    HOSTS.forEach(RealHost::close);
    HOSTS.clear();
  }

  static void eventually(BooleanSupplier condition) {
    assertTrue(new KernelFiles(RealHost.LIBC).await(condition, null, PATIENCE));
  }
}
