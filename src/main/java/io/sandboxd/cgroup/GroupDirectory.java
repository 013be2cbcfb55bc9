package io.sandboxd.cgroup;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One group in one hierarchy: a directory of control files. It need not exist. */
record GroupDirectory(ControlFiles files, Path path) {
  static final String PROCS = "cgroup.procs";

  /** The same of v1, thread by thread. */
  static final String TASKS = "tasks";

  Path file(String name) {
    return path.resolve(name);
  }

  GroupDirectory parent() {
    return new GroupDirectory(files, path.getParent());
  }

  GroupDirectory child(String name) {
    return new GroupDirectory(files, file(name));
  }

  boolean exists() {
    return files.exists(path);
  }

  boolean has(String name) {
    return files.exists(file(name));
  }

  /** The text, empty where there is none. */
  String read(String name) {
    return files.read(file(name)).orElse("");
  }

  /** Null for {@code max} and where there is none. */
  Long number(String name) {
    return ControlText.number(read(name));
  }

  Map<String, Long> flatKeyed(String name) {
    return ControlText.flatKeyed(read(name));
  }

  /** Those in this very group. One that the daemon cannot see, for the kernel 0, is left out. */
  List<Integer> pids() {
    return ControlText.words(read(PROCS)).stream()
        .map(ControlText::number)
        .filter(pid -> pid != null && pid > 0)
        .map(Long::intValue)
        .toList();
  }

  void write(String name, String text) {
    files.write(file(name), text);
  }

  /** Writes, unless the group or the file is gone by now. */
  void writeIfThere(String name, String text) {
    try {
      write(name, text);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENOENT && e.errno() != Errno.ENODEV) {
        throw e;
      }
    }
  }

  /** mkdir(2); false where it was there already. */
  boolean make() {
    try {
      files.makeDirectory(path);
      return true;
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EEXIST) {
        return false;
      }
      throw e;
    }
  }

  /** This group and all below it, parents first. Not recursive: how deep is up to who is inside. */
  List<GroupDirectory> tree() {
    List<GroupDirectory> found = new ArrayList<>(List.of(this));
    for (int i = 0; i < found.size(); i++) {
      for (Path below : files.directories(found.get(i).path)) {
        found.add(new GroupDirectory(files, below));
      }
    }
    return found;
  }

  /** Removes it with all below as far as that goes now; null once it is gone, else what hinders. */
  ErrnoException tryRemove() {
    // Mostly nothing is below. The kernel says EBUSY if there is, and if processes are inside.
    if (remove() == null) {
      return null;
    }
    List<GroupDirectory> tree = tree();
    for (int i = tree.size() - 1; i > 0; i--) {
      ErrnoException hindrance = tree.get(i).remove();
      if (hindrance != null) {
        return hindrance;
      }
    }
    return remove();
  }

  private ErrnoException remove() {
    try {
      files.removeDirectory(path);
      return null;
    } catch (ErrnoException e) {
      return e.errno() == Errno.ENOENT ? null : e;
    }
  }
}
