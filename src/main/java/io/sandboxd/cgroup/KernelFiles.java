package io.sandboxd.cgroup;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** The control files for real. */
public final class KernelFiles implements ControlFiles {
  private static final int PAGE = 4096;

  /**
   * The files a v1 kernel makes one page per read(2) of; far more than any that is read here has.
   */
  private static final int LARGEST = 4 << 20;

  private static final long SHORTEST_PAUSE_NANOS = 50_000;
  private static final long LONGEST_PAUSE_NANOS = 10_000_000;

  /** An event lost, or a condition that is not the file's alone, costs this much and no more. */
  private static final int LONGEST_POLL_MILLIS = 50;

  private final Syscalls syscalls;

  public KernelFiles(Syscalls syscalls) {
    this.syscalls = syscalls;
  }

  @Override
  public Optional<String> read(Path file) {
    try (Fd fd = syscalls.open(file.toString(), Syscalls.O_RDONLY, 0)) {
      return Optional.of(readAll(fd));
    } catch (ErrnoException e) {
      // That it could not be looked at does not mean that there is nothing.
      if (Errno.isShortage(e.errno())) {
        throw new ErrnoException(e.syscall(), file.toString(), e.errno());
      }
      return Optional.empty();
    }
  }

  private String readAll(Fd fd) {
    ByteBuffer buffer = ByteBuffer.allocate(PAGE);
    while (syscalls.read(fd, buffer) > 0 && buffer.capacity() < LARGEST) {
      if (!buffer.hasRemaining()) {
        buffer = ByteBuffer.allocate(buffer.capacity() * 2).put(buffer.flip());
      }
    }
    return new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8);
  }

  @Override
  public void write(Path file, String text) {
    try (Fd fd = syscalls.open(file.toString(), Syscalls.O_WRONLY, 0)) {
      syscalls.writeAll(fd, text.getBytes(StandardCharsets.UTF_8));
    } catch (ErrnoException e) {
      throw new ErrnoException(e.syscall(), file.toString(), e.errno());
    }
  }

  @Override
  public boolean exists(Path path) {
    return path.toFile().exists(); // without an exception for what is not
  }

  @Override
  public void makeDirectory(Path directory) {
    try {
      Files.createDirectory(directory);
    } catch (IOException e) {
      throw new ErrnoException("mkdir", directory.toString(), Errno.of(e));
    }
  }

  @Override
  public void removeDirectory(Path directory) {
    try {
      Files.delete(directory);
    } catch (IOException e) {
      throw new ErrnoException("rmdir", directory.toString(), Errno.of(e));
    }
  }

  @Override
  public List<Path> directories(Path directory) {
    List<Path> found = new ArrayList<>();
    if (hasNoDirectories(directory)) {
      return found;
    }
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(
            directory, entry -> Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS))) {
      entries.forEach(found::add);
    } catch (DirectoryIteratorException e) {
      return nothing(found, directory, e.getCause());
    } catch (IOException e) {
      return nothing(found, directory, e);
    }
    return found;
  }

  private static List<Path> nothing(List<Path> found, Path directory, IOException e) {
    if (Errno.isShortage(Errno.of(e))) {
      throw new ErrnoException("open", directory.toString(), Errno.of(e));
    }
    return found;
  }

  /**
   * One stat(2) instead of one for each of the many files: a directory is linked by those below.
   */
  private static boolean hasNoDirectories(Path directory) {
    try {
      return Files.getAttribute(directory, "unix:nlink").equals(2);
    } catch (IOException e) {
      return true;
    }
  }

  @Override
  public boolean await(BooleanSupplier condition, Path events, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    if (condition.getAsBoolean()) {
      return true;
    }
    try {
      return events == null ? pauses(condition, deadline) : polls(condition, events, deadline);
    } catch (ErrnoException e) {
      // The group is gone, and its events with it.
      return pauses(condition, deadline);
    }
  }

  private boolean polls(BooleanSupplier condition, Path events, long deadline) {
    while (true) {
      try (Fd fd = syscalls.open(events.toString(), Syscalls.O_RDONLY, 0)) {
        // Changes are news from the last read on. What comes before the test below is not missed.
        readAll(fd);
        if (condition.getAsBoolean()) {
          return true;
        }
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
          return false;
        }
        syscalls.poll(fd, Syscalls.EPOLLPRI, (int) Math.min(left, LONGEST_POLL_MILLIS));
      }
    }
  }

  private static boolean pauses(BooleanSupplier condition, long deadline) {
    boolean interrupted = false;
    try {
      long pause = SHORTEST_PAUSE_NANOS;
      while (!condition.getAsBoolean()) {
        if (System.nanoTime() >= deadline) {
          return false;
        }
        LockSupport.parkNanos(pause);
        // Half a removal helps nobody, and a thread that stays interrupted would not pause.
        interrupted |= Thread.interrupted();
        pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
      }
      return true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
