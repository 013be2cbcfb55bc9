package io.sandboxd.cgroup;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;

/** What v1 refuses because of the group above or one below, where v2 lets the least hold. */
record FakeNesting(FakeKernel kernel) {
  /** EACCES for what the group above has not, EBUSY for what one below still has. */
  void checkCpus(Path file, String text) {
    Path group = file.getParent();
    if (!contains(read(group.getParent(), file), text)) {
      throw new ErrnoException("write", file.toString(), Errno.EACCES);
    }
    for (Path below : kernel.directories(group)) {
      if (!contains(text, read(below, file))) {
        throw new ErrnoException("write", file.toString(), Errno.EBUSY);
      }
    }
  }

  private static boolean contains(String cpus, String others) {
    BitSet left = CpuList.parse(others);
    left.andNot(CpuList.parse(cpus));
    return left.isEmpty();
  }

  void checkQuota(Path file, String text) {
    Path group = file.getParent();
    List<Path> below = kernel.directories(group);
    if (quota(text) > quota(read(group.getParent(), file))
        || below.stream().anyMatch(other -> limited(read(other, file)) > quota(text))) {
      throw new ErrnoException("write", file.toString(), Errno.EINVAL);
    }
  }

  private static long quota(String text) {
    long quota = Long.parseLong(text.strip());
    return quota < 0 ? Long.MAX_VALUE : quota;
  }

  /** Who has no limit of its own has that of the group above. */
  private static long limited(String text) {
    return Long.parseLong(text.strip());
  }

  private String read(Path group, Path file) {
    return kernel.read(group.resolve(file.getFileName())).orElse("");
  }
}
