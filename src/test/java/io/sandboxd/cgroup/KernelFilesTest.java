package io.sandboxd.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Libc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** On an ordinary file system, with the real system calls. */
class KernelFilesTest {
  private final KernelFiles files = new KernelFiles(new Libc());
  @TempDir Path dir;

  private static void assertErrno(int errno, Executable call) {
    assertEquals(errno, assertThrows(ErrnoException.class, call).errno());
  }

  @Test
  void readsWhatIsLongerThanOneBuffer() throws IOException {
    String text = "0123456789abcdef".repeat(1000) + "end";
    Files.writeString(dir.resolve("f"), text);
    assertEquals(Optional.of(text), files.read(dir.resolve("f")));
  }

  @Test
  void whatCannotBeReadIsEmpty() {
    assertEquals(Optional.empty(), files.read(dir.resolve("none")));
    assertEquals(Optional.empty(), files.read(dir));
  }

  @Test
  void writesOnlyToWhatExists() throws IOException {
    Path file = dir.resolve("f");
    assertErrno(Errno.ENOENT, () -> files.write(file, "1"));
    assertFalse(files.exists(file));
    Files.createFile(file);
    files.write(file, "1");
    assertEquals("1", Files.readString(file));
  }

  @Test
  void aRefusedWriteNamesTheFile() {
    ErrnoException e =
        assertThrows(ErrnoException.class, () -> files.write(Path.of("/dev/full"), "1"));
    assertEquals(Errno.ENOSPC, e.errno());
    assertEquals("/dev/full", e.path());
    assertEquals("write", e.syscall());
  }

  @Test
  void directoriesAreMadeListedAndRemoved() throws IOException {
    Files.createFile(dir.resolve("file"));
    assertEquals(List.of(), files.directories(dir));
    files.makeDirectory(dir.resolve("a"));
    files.makeDirectory(dir.resolve("b"));
    Files.createSymbolicLink(dir.resolve("link"), dir.resolve("a"));
    assertEquals(Set.of(dir.resolve("a"), dir.resolve("b")), Set.copyOf(files.directories(dir)));
    files.removeDirectory(dir.resolve("a"));
    assertFalse(Files.exists(dir.resolve("a")));
    assertEquals(List.of(), files.directories(dir.resolve("a")));
  }

  @Test
  void refusalsOfDirectoriesHaveTheirErrno() throws IOException {
    files.makeDirectory(dir.resolve("a"));
    files.makeDirectory(dir.resolve("a/b"));
    Files.createFile(dir.resolve("file"));
    assertErrno(Errno.EEXIST, () -> files.makeDirectory(dir.resolve("a")));
    assertErrno(Errno.ENOENT, () -> files.makeDirectory(dir.resolve("x/y")));
    assertErrno(Errno.ENOTDIR, () -> files.makeDirectory(dir.resolve("file/y")));
    assertErrno(Errno.ENOTEMPTY, () -> files.removeDirectory(dir.resolve("a")));
    assertErrno(Errno.ENOENT, () -> files.removeDirectory(dir.resolve("x")));
  }

  @Test
  void awaitTestsUntilItHolds() {
    AtomicInteger tests = new AtomicInteger();
    assertTrue(files.await(() -> tests.incrementAndGet() == 3, null, Duration.ofSeconds(30)));
    assertEquals(3, tests.get());
  }

  @Test
  void awaitGivesUpAtTheLimit() throws IOException {
    Path events = Files.createFile(dir.resolve("events"));
    assertFalse(files.await(() -> false, null, Duration.ofMillis(5)));
    assertFalse(files.await(() -> false, events, Duration.ofMillis(5)));
  }

  @Test
  void awaitOutlivesTheGroupWhoseEventsItWatches() throws IOException {
    Path events = Files.createFile(dir.resolve("events"));
    AtomicInteger tests = new AtomicInteger();
    assertTrue(
        files.await(
            () -> {
              events.toFile().delete();
              return tests.incrementAndGet() == 4;
            },
            events,
            Duration.ofSeconds(30)));
  }

  @Test
  void awaitKeepsAThreadsInterruptForLater() {
    AtomicInteger tests = new AtomicInteger();
    Thread.currentThread().interrupt();
    assertTrue(files.await(() -> tests.incrementAndGet() == 3, null, Duration.ofSeconds(30)));
    assertTrue(Thread.interrupted());
  }
}
