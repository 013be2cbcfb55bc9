package io.sandboxd.linux;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/**
 * A thread that waits for any number of descriptors (epoll(7)) and acts on those that are ready. It
 * sleeps in the kernel however many there are, so what it is given to do must be short and must not
 * wait.
 */
public final class EpollLoop implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(EpollLoop.class);

  private final Syscalls syscalls;
  private final Fd epoll;
  private final Fd stop;
  private final Map<Integer, Long> tokens = new HashMap<>();

  /** By a token that is never used again, as a descriptor's number is. */
  private final Map<Long, Runnable> watched = new ConcurrentHashMap<>();

  private long lastToken;
  private final Thread thread;
  private volatile boolean stopping;

  /**
   * @param name of the thread
   */
  public EpollLoop(Syscalls syscalls, String name) {
    this.syscalls = syscalls;
    this.epoll = syscalls.epollCreate();
    this.stop = syscalls.eventfd();
    this.thread = new Thread(this::loop, name);
    syscalls.epollAdd(epoll, stop.number(), Syscalls.EPOLLIN, lastToken);
  }

  public void start() {
    thread.setDaemon(true);
    thread.start();
  }

  /** {@link #watch(Fd, int, Runnable)} for input. */
  public void watch(Fd fd, Runnable whenReadable) {
    watch(fd, Syscalls.EPOLLIN, whenReadable);
  }

  /**
   * Calls on the loop's thread whenever the descriptor is ready, until {@link #forget}. It must not
   * be closed before that. A call that was already on its way may still come afterwards.
   *
   * @param events EPOLL* bits; a hang-up is told in any case
   */
  public synchronized void watch(Fd fd, int events, Runnable whenReady) {
    long token = ++lastToken;
    watched.put(token, whenReady);
    tokens.put(fd.number(), token);
    syscalls.epollAdd(epoll, fd.number(), events, token);
  }

  /**
   * Stops watching; harmless when it is not watched or closed. Two that forget the same one go one
   * after the other, so that it is no longer in use when either closes it.
   */
  public synchronized void forget(Fd fd) {
    Long token = fd.isOpen() ? tokens.remove(fd.number()) : null;
    if (token != null) {
      watched.remove(token);
      syscalls.epollRemove(epoll, fd.number());
    }
  }

  private void loop() {
    while (!stopping) {
      for (Syscalls.Ready ready : syscalls.epollWait(epoll)) {
        Runnable action = watched.get(ready.token());
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
