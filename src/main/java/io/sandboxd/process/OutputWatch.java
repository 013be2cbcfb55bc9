package io.sandboxd.process;

import io.sandboxd.linux.EpollLoop;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Tells that logs have grown (inotify(7)). One watch is for all logs of a sandbox, those yet to
 * come too, so that a new process costs nothing here.
 */
public final class OutputWatch {
  private static final int BUFFER = 64 * 1024;
  private static final int EVENT_HEADER = 16;

  /**
   * After a look at what has happened the next one comes so much later: who writes without end must
   * not keep the daemon busy without end.
   */
  private static final long REST_MILLIS = 2;

  private record Directory(Path path, Consumer<String> changed) {}

  private record Change(int watch, String name) {}

  private final Syscalls syscalls;
  private final EpollLoop loop;
  private final ScheduledExecutorService timer;
  private final Fd inotify;

  /** For the loop's thread alone. */
  private final ByteBuffer events = ByteBuffer.allocate(BUFFER).order(ByteOrder.nativeOrder());

  private final Map<Integer, Directory> directories = new ConcurrentHashMap<>();
  private final Map<Path, Integer> watches = new ConcurrentHashMap<>();

  public OutputWatch(Syscalls syscalls, EpollLoop loop, ScheduledExecutorService timer) {
    this.syscalls = syscalls;
    this.loop = loop;
    this.timer = timer;
    this.inotify = syscalls.inotify();
    listen();
  }

  private void listen() {
    loop.watch(inotify, this::look);
  }

  private void look() {
    loop.forget(inotify);
    try {
      readEvents();
    } finally {
      var unused = timer.schedule(this::listen, REST_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  /**
   * @param changed called on the loop's thread with the file's name, or null when it may have been
   *     any of them
   */
  public synchronized void watch(Path directory, Consumer<String> changed) {
    int watch = syscalls.inotifyAdd(inotify, directory.toString(), Syscalls.IN_MODIFY);
    directories.put(watch, new Directory(directory, changed));
    watches.put(directory, watch);
  }

  /** Harmless when it is not watched. */
  public synchronized void forget(Path directory) {
    Integer watch = watches.remove(directory);
    if (watch != null) {
      directories.remove(watch);
      syscalls.inotifyRemove(inotify, watch);
    }
  }

  private void readEvents() {
    events.clear();
    if (syscalls.tryRead(inotify, events) <= 0) {
      return;
    }
    // Who writes a lot makes many events, and needs to be looked at once.
    Set<Change> changes = new LinkedHashSet<>();
    for (events.flip(); events.remaining() >= EVENT_HEADER; ) {
      int watch = events.getInt();
      int mask = events.getInt();
      events.getInt();
      byte[] name = new byte[events.getInt()];
      events.get(name);
      if ((mask & Syscalls.IN_Q_OVERFLOW) != 0) {
        directories.keySet().forEach(each -> changes.add(new Change(each, null)));
      } else if ((mask & Syscalls.IN_IGNORED) == 0) {
        changes.add(new Change(watch, text(name)));
      }
    }
    changes.forEach(this::tell);
  }

  private void tell(Change change) {
    Directory directory = directories.get(change.watch());
    if (directory != null) {
      directory.changed().accept(change.name());
    }
  }

  /** Padded with NULs. */
  private static String text(byte[] name) {
    int length = 0;
    while (length < name.length && name[length] != 0) {
      length++;
    }
    return new String(name, 0, length, StandardCharsets.UTF_8);
  }
}
