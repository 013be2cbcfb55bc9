package io.sandboxd.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchdogTest {
  private static final long SELF = 77;

  @Test
  void tellsTwiceInTheTimeThatIsGranted() {
    assertEquals(15_000_000, Watchdog.period(Map.of("WATCHDOG_USEC", "30000000"), SELF));
    assertEquals(
        15_000_000,
        Watchdog.period(Map.of("WATCHDOG_USEC", "30000000", "WATCHDOG_PID", "77"), SELF));
  }

  @Test
  void tellsNobodyWhoDoesNotAsk() {
    assertEquals(0, Watchdog.period(Map.of(), SELF));
    assertEquals(0, Watchdog.period(Map.of("WATCHDOG_USEC", "0"), SELF));
    assertEquals(0, Watchdog.period(Map.of("WATCHDOG_USEC", "soon"), SELF));
    assertEquals(
        0, Watchdog.period(Map.of("WATCHDOG_USEC", "30000000", "WATCHDOG_PID", "78"), SELF));
  }

  @Test
  void oneStuckThreadKeepsTheWordBack(@TempDir Path directory) throws Exception {
    BlockingQueue<Runnable> stuck = new LinkedBlockingQueue<>();
    Executor lively = Runnable::run;
    FakeServiceManager manager = FakeServiceManager.at(directory.resolve("notify"));
    NotifySocket notify = NotifySocket.in(Map.of("NOTIFY_SOCKET", manager.address()));
    try (manager;
        Watchdog watchdog = new Watchdog(notify, 1000, List.of(lively, stuck::add, lively))) {
      for (int round = 0; round < 3; round++) {
        Runnable task = stuck.take();
        notify.tell("X_ROUND=" + round);
        assertEquals("X_ROUND=" + round, manager.next(), "not before all have done theirs");
        task.run();
        assertEquals("WATCHDOG=1", manager.next());
      }
    }
  }

  @Test
  void sleepsWhenNobodyAsks() throws IOException {
    BlockingQueue<Runnable> asked = new LinkedBlockingQueue<>();
    try (Watchdog watchdog = new Watchdog(NotifySocket.in(Map.of()), 0, List.of(asked::add))) {
      assertNull(asked.poll());
    }
  }
}
