package io.sandboxd.reaper;

import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/**
 * The one thread that waits for everything: exits (pidfds become readable) and what the inits say.
 * It sleeps in the kernel however many there are, so what it is given to do must be short.
 */
public final class Reaper implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Reaper.class);

  private final Syscalls syscalls;
  private final Fd epoll;
  private final Fd stop;
  private final Map<Integer, Runnable> watched = new ConcurrentHashMap<>();
  private final Thread thread = new Thread(this::loop, "reaper");
  private volatile boolean stopping;

  public Reaper(Syscalls syscalls) {
    this.syscalls = syscalls;
    this.epoll = syscalls.epollCreate();
    this.stop = syscalls.eventfd();
    syscalls.epollAdd(epoll, stop.number(), Syscalls.EPOLLIN);
  }

  public void start() {
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Calls on the reaper's thread whenever the descriptor is readable, until {@link #forget}. It
   * must not be closed before that.
   */
  public void watch(Fd fd, Runnable whenReadable) {
    watched.put(fd.number(), whenReadable);
    syscalls.epollAdd(epoll, fd.number(), Syscalls.EPOLLIN);
  }

  /**
   * Stops watching; harmless when it is not watched or closed. Two that forget the same one go one
   * after the other, so that it is no longer in use when either closes it.
   */
  public synchronized void forget(Fd fd) {
    if (fd.isOpen() && watched.remove(fd.number()) != null) {
      syscalls.epollRemove(epoll, fd.number());
    }
  }

  private void loop() {
    while (!stopping) {
      for (Syscalls.Ready ready : syscalls.epollWait(epoll)) {
        Runnable action = watched.get(ready.fd());
        if (action != null) {
          run(action);
        }
      }
    }
  }

  /** One sandbox's trouble must not end the watch over all others. */
  private static void run(Runnable action) {
    try {
      action.run();
    } catch (RuntimeException e) {
      LOG.error("An event could not be dealt with.", e);
    }
  }

  @Override
  public void close() {
    stopping = true;
    syscalls.writeAll(stop, new byte[] {1, 0, 0, 0, 0, 0, 0, 0});
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    epoll.close();
    stop.close();
  }
}
