package io.sandboxd.cgroup;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.stream.Stream;

/** Which process is in which group of a {@link FakeKernel}: what the groups' files say of it. */
final class FakeProcesses {
  private static final String PROCS = GroupDirectory.PROCS;

  /** Those about to end: the kernel takes the order to move one, and leaves it where it is. */
  final Set<Integer> ending = new HashSet<>();

  /** Hears of each that has been moved. */
  IntConsumer moved = pid -> {};

  /** A write to a group's list, in the hierarchy mounted at {@code top}. */
  void enter(Path top, Path group, int pid) {
    if (!group.equals(top) && !read(group.resolve("cgroup.subtree_control")).isBlank()) {
      throw refusal(group, Errno.EBUSY);
    }
    Path from = groupOf(top, pid);
    if (from == null) {
      throw refusal(group, Errno.ESRCH);
    }
    if (!ending.contains(pid)) {
      List<String> left = new ArrayList<>(ControlText.words(read(from.resolve(PROCS))));
      left.remove(Integer.toString(pid));
      write(from, left.isEmpty() ? "" : String.join("\n", left) + "\n");
      write(group, read(group.resolve(PROCS)) + pid + "\n");
      moved.accept(pid);
    }
  }

  static boolean liveIn(Path group) {
    return !read(group.resolve(PROCS)).isBlank();
  }

  private static Path groupOf(Path top, int pid) {
    try (Stream<Path> all = Files.walk(top)) {
      return all.filter(file -> file.endsWith(PROCS))
          .filter(file -> ControlText.words(read(file)).contains(Integer.toString(pid)))
          .map(Path::getParent)
          .findFirst()
          .orElse(null);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ErrnoException refusal(Path group, int errno) {
    return new ErrnoException("write", group.resolve(PROCS).toString(), errno);
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path group, String pids) {
    try {
      Files.writeString(group.resolve(PROCS), pids);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
