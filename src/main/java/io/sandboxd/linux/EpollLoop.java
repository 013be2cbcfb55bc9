package io.sandboxd.linux;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import org.jboss.logging.Logger;

/**
 * A thread that waits for any number of descriptors (epoll(7)) and acts on those that are ready. It
 * sleeps in the kernel however many there are, so what it is given to do must be short and must not
 * wait.
 */
public final class EpollLoop implements AutoCloseable, Executor {
  private static final Logger LOG = Logger.getLogger(EpollLoop.class);

  private final Syscalls syscalls;
  private final Fd epoll;
  private final Fd wake;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
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
    this.wake = syscalls.eventfd();
    this.thread = new Thread(this::loop, name);
    watch(wake, this::runTasks);
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
    try {
      syscalls.epollAdd(epoll, fd.number(), events, token);
    } catch (RuntimeException e) {
      watched.remove(token);
      throw e;
    }
    tokens.put(fd.number(), token);
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

  /** Runs it on the loop's thread, between two events. */
  @Override
  public void execute(Runnable task) {
    tasks.add(task);
    wake();
  }

  private void wake() {
    syscalls.writeAll(wake, new byte[] {1, 0, 0, 0, 0, 0, 0, 0});
  }

  private void runTasks() {
    syscalls.tryRead(wake, ByteBuffer.allocate(Long.BYTES));
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      run(task);
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
    } catch (RuntimeException | Error e) { // an Error too: that no thread can be had is one
      LOG.error("An event could not be dealt with.", e);
    }
  }

  @Override
  public void close() {
    stopping = true;
    wake();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    epoll.close();
    wake.close();
  }
}
