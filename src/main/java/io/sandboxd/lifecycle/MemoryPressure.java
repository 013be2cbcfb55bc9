package io.sandboxd.lifecycle;

import io.sandboxd.linux.EpollLoop;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executor;
import org.jboss.logging.Logger;

/**
 * Tells when processes of this host wait for memory, as the kernel sees it (PSI triggers,
 * Documentation/accounting/psi). Where it does not look, nothing is told.
 */
public final class MemoryPressure {
  private static final Logger LOG = Logger.getLogger(MemoryPressure.class);
  private static final String FILE = "/proc/pressure/memory";

  /** Some process waited for 100 ms within one second. */
  private static final String TRIGGER = "some 100000 1000000\0";

  private MemoryPressure() {}

  /**
   * For the life of the daemon; told once a second at most.
   *
   * @param chores where what is to be done then is done
   */
  public static void watch(Syscalls syscalls, EpollLoop loop, Executor chores, Runnable whenSo) {
    Fd file = null;
    try {
      file = syscalls.open(FILE, Syscalls.O_RDWR | Syscalls.O_NONBLOCK, 0);
      syscalls.writeAll(file, TRIGGER.getBytes(StandardCharsets.US_ASCII));
      loop.watch(file, Syscalls.EPOLLPRI, () -> chores.execute(whenSo));
    } catch (ErrnoException e) {
      LOG.debugf("Nobody will tell of memory pressure: %s", e.getMessage());
      if (file != null) {
        file.close();
      }
    }
  }
}
