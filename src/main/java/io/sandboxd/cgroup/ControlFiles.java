package io.sandboxd.cgroup;

import io.sandboxd.linux.ErrnoException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** How the files of a cgroup file system are used. The real ones are {@link KernelFiles}. */
public interface ControlFiles {
  /**
   * A file's text. Empty when it cannot be had, be it that the kernel lacks it or that the group is
   * gone by now: a figure that is missing is normal here and never a failure.
   *
   * @throws ErrnoException when the daemon has no means to look (open files, memory)
   */
  Optional<String> read(Path file);

  /**
   * Writes to a file that exists, in one write(2), because the kernel takes each as one command.
   *
   * @throws ErrnoException what open(2) or write(2) refused
   */
  void write(Path file, String text);

  boolean exists(Path path);

  /**
   * mkdir(2).
   *
   * @throws ErrnoException EEXIST among others
   */
  void makeDirectory(Path directory);

  /**
   * rmdir(2).
   *
   * @throws ErrnoException ENOENT, EBUSY, ENOTEMPTY among others
   */
  void removeDirectory(Path directory);

  /**
   * The directories directly below; none when it is not there.
   *
   * @throws ErrnoException when the daemon has no means to look
   */
  List<Path> directories(Path directory);

  /**
   * Waits for a condition, testing it at once, whenever the kernel reports a change of {@code
   * events} (a {@code cgroup.events} file; null where there is none), and now and then besides.
   *
   * @return whether it came true within the limit
   */
  boolean await(BooleanSupplier condition, Path events, Duration limit);
}
