package io.sandboxd.cgroup;

import io.sandboxd.linux.EpollLoop;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Tells that the kernel may have killed something for want of memory, so that nobody has to look
 * again and again: on cgroup v2 the file {@code memory.events} changes (inotify(7)), on v1 an
 * eventfd(2) is told (admin-guide/cgroup-v1/memcg_test). Where there is neither nothing is told.
 *
 * <p>It is told a moment late. The exit of what was killed comes first, mostly, and knows more.
 */
public final class OomWatch {
  private static final Logger LOG = Logger.getLogger(OomWatch.class);
  private static final Duration DELAY = Duration.ofMillis(200);
  private static final int BUFFER = 16 * 1024;
  private static final int EVENT_HEADER = 16;

  private final Syscalls syscalls;
  private final EpollLoop loop;
  private final ScheduledExecutorService timer;
  private final Executor chores;
  private final Fd inotify;
  private final Map<String, Runnable> actions = new ConcurrentHashMap<>();
  private final Map<String, Integer> watches = new ConcurrentHashMap<>();
  private final Map<Integer, String> watched = new ConcurrentHashMap<>();
  private final Map<String, Fd> eventfds = new ConcurrentHashMap<>();

  /**
   * @param chores where what is to be done then is done
   */
  public OomWatch(
      Syscalls syscalls, EpollLoop loop, ScheduledExecutorService timer, Executor chores) {
    this.syscalls = syscalls;
    this.loop = loop;
    this.timer = timer;
    this.chores = chores;
    this.inotify = syscalls.inotify();
    loop.watch(inotify, this::filesChanged);
  }

  /** Until {@link #forget}; once for each group. */
  public synchronized void watch(Cgroup group, Runnable whenSo) {
    GroupDirectory memory = group.memory();
    if (memory == null) {
      return;
    }
    actions.put(group.id(), whenSo);
    try {
      if (memory.has(UnifiedMemory.EVENTS)) {
        watchFile(group.id(), memory);
      } else {
        watchEventfd(group.id(), memory);
      }
    } catch (ErrnoException e) {
      LOG.debugf("Cgroup %s: nobody will tell of kills for want of memory: %s", group.path(), e);
    }
  }

  private void watchFile(String id, GroupDirectory memory) {
    String file = memory.file(UnifiedMemory.EVENTS).toString();
    int watch = syscalls.inotifyAdd(inotify, file, Syscalls.IN_MODIFY);
    watches.put(id, watch);
    watched.put(watch, id);
  }

  private void watchEventfd(String id, GroupDirectory memory) {
    Fd eventfd = syscalls.eventfd();
    try (Fd control = syscalls.open(path(memory, LegacyMemory.OOM), Syscalls.O_RDONLY, 0);
        Fd register = syscalls.open(path(memory, "cgroup.event_control"), Syscalls.O_WRONLY, 0)) {
      String line = eventfd.number() + " " + control.number();
      syscalls.writeAll(register, line.getBytes(StandardCharsets.US_ASCII));
    } catch (ErrnoException e) {
      eventfd.close();
      throw e;
    }
    eventfds.put(id, eventfd);
    loop.watch(eventfd, () -> eventfdTold(id, eventfd));
  }

  private static String path(GroupDirectory group, String file) {
    return group.file(file).toString();
  }

  /** Harmless when it is not watched. */
  public synchronized void forget(Cgroup group) {
    actions.remove(group.id());
    Integer watch = watches.remove(group.id());
    if (watch != null) {
      watched.remove(watch);
      syscalls.inotifyRemove(inotify, watch);
    }
    Fd eventfd = eventfds.remove(group.id());
    if (eventfd != null) {
      loop.forget(eventfd);
      eventfd.close();
    }
  }

  /** The file changes also for what is no kill; it is looked at a few times a second at most. */
  private void filesChanged() {
    loop.forget(inotify);
    later(
        () -> {
          Set<String> changed = readChanges();
          loop.watch(inotify, this::filesChanged);
          changed.forEach(this::act);
        });
  }

  private Set<String> readChanges() {
    ByteBuffer events = ByteBuffer.allocate(BUFFER).order(ByteOrder.nativeOrder());
    Set<String> changed = new HashSet<>();
    while (syscalls.tryRead(inotify, events) > 0) {
      for (events.flip(); events.remaining() >= EVENT_HEADER; ) {
        String id = watched.get(events.getInt());
        boolean lost = (events.getInt() & Syscalls.IN_Q_OVERFLOW) != 0;
        events.getInt();
        events.position(events.getInt() + events.position());
        if (lost) {
          changed.addAll(actions.keySet());
        } else if (id != null) {
          changed.add(id);
        }
      }
      events.clear();
    }
    return changed;
  }

  private void eventfdTold(String id, Fd eventfd) {
    loop.forget(eventfd);
    later(
        () -> {
          listenAgain(id, eventfd);
          act(id);
        });
  }

  private synchronized void listenAgain(String id, Fd eventfd) {
    if (eventfds.get(id) == eventfd) {
      syscalls.tryRead(eventfd, ByteBuffer.allocate(Long.BYTES));
      loop.watch(eventfd, () -> eventfdTold(id, eventfd));
    }
  }

  private void act(String id) {
    Runnable action = actions.get(id);
    if (action != null) {
      action.run();
    }
  }

  private void later(Runnable action) {
    var unused =
        timer.schedule(() -> chores.execute(action), DELAY.toMillis(), TimeUnit.MILLISECONDS);
  }
}
