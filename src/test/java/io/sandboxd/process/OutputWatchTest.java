package io.sandboxd.process;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sandboxd.linux.EpollLoop;
import io.sandboxd.linux.Libc;
import io.sandboxd.linux.Syscalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputWatchTest {
  private final Syscalls syscalls = new Libc();
  private final EpollLoop loop = new EpollLoop(syscalls, "test");
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final OutputWatch watch = new OutputWatch(syscalls, loop, timer);
  private final Set<String> changed = ConcurrentHashMap.newKeySet();
  @TempDir Path directory;

  @AfterEach
  void stop() {
    timer.shutdownNow();
    loop.close();
  }

  private Path write(Path where, String name) throws IOException {
    Files.createDirectories(where);
    return Files.writeString(
        where.resolve(name), "x", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  @Test
  void tellsWhichFileHasGrown() throws IOException {
    loop.start();
    watch.watch(directory, changed::add);
    write(directory, "1.stdout");
    write(directory, "22.stderr");
    await().until(() -> changed.equals(Set.of("1.stdout", "22.stderr")));
  }

  @Test
  void eachDirectoryHasItsOwnListener() throws IOException {
    loop.start();
    Path one = Files.createDirectory(directory.resolve("one"));
    Path two = Files.createDirectory(directory.resolve("two"));
    watch.watch(one, name -> changed.add("one " + name));
    watch.watch(two, name -> changed.add("two " + name));
    watch.forget(one);
    watch.forget(one);
    write(one, "a");
    write(two, "b");
    await().until(() -> changed.contains("two b"));
    assertEquals(Set.of("two b"), changed);
  }

  @Test
  void aDirectoryThatIsGoneIsForgotten() throws IOException {
    loop.start();
    Path one = Files.createDirectory(directory.resolve("one"));
    watch.watch(one, name -> changed.add("one " + name));
    watch.watch(directory, name -> changed.add("all " + name));
    Files.delete(one);
    watch.forget(one);
    write(directory, "b");
    await().until(() -> changed.contains("all b"));
  }

  /** More changes than the kernel keeps (/proc/sys/fs/inotify/max_queued_events). */
  @Test
  void tooManyChangesAreAnyOfThem() throws IOException {
    // Line by line: the kernel gives such a file to its first read(2) alone.
    String most = Files.readAllLines(Path.of("/proc/sys/fs/inotify/max_queued_events")).get(0);
    watch.watch(directory, name -> changed.add(name == null ? "any" : name));
    Path one = write(directory, "1");
    Path two = write(directory, "2");
    try (var first = Files.newOutputStream(one);
        var second = Files.newOutputStream(two)) {
      for (int i = 0; i < Integer.parseInt(most); i++) {
        first.write('x');
        second.write('x');
      }
    }
    loop.start();
    await().until(() -> changed.contains("any"));
  }
}
