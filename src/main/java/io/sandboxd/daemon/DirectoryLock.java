package io.sandboxd.daemon;

import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Locks on directories (flock(2)) that last as long as this process. A daemon puts away what lies
 * in such a directory and belongs to none of its sandboxes, so it must not be another daemon's. On
 * the directory itself, since a cgroup can hold no file of ours.
 */
final class DirectoryLock {
  /** Its end would be the lock's. */
  private static final List<Fd> HELD = new CopyOnWriteArrayList<>();

  private DirectoryLock() {}

  /**
   * @param what what the directory is for, to follow "Another daemon"
   * @throws StartException if another process has it
   */
  static void take(Syscalls syscalls, Path directory, String what) {
    Fd fd = syscalls.open(directory.toString(), Syscalls.O_RDONLY | Syscalls.O_DIRECTORY, 0);
    if (!syscalls.lock(fd)) {
      fd.close();
      throw StartException.unavailable("Another daemon " + what + ".");
    }
    HELD.add(fd);
  }
}
