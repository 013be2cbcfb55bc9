package io.sandboxd.cgroup;

import io.sandboxd.linux.ErrnoException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The processes of a group and of those below it.
 *
 * @param directories the group in each hierarchy
 * @param freezer null on a host that cannot freeze
 */
record Members(List<GroupDirectory> directories, Freezer freezer, ProcessSignal signal) {
  private static final int SIGKILL = 9;

  /** One process that does not stop is no reason to keep a signal from the others for long. */
  private static final Duration FREEZE_LIMIT = Duration.ofSeconds(1);

  /** Without a freezer a family that forks faster than it is signalled is given up on. */
  private static final int MOST_ROUNDS = 100;

  /** Sorted. */
  List<Integer> pids() {
    Set<Integer> pids = new TreeSet<>();
    for (GroupDirectory directory : directories) {
      for (GroupDirectory group : directory.tree()) {
        pids.addAll(group.pids());
      }
    }
    return List.copyOf(pids);
  }

  /** Looks no further than it has to: mostly in one file. */
  boolean has(int pid) {
    return directories.stream().anyMatch(group -> group.pids().contains(pid))
        || pids().contains(pid);
  }

  /** See {@link Cgroup#signalAll}. */
  void signal(int signo, int exceptPid) {
    boolean paused = freezer != null && freezer.isFrozen();
    boolean still = paused || (freezer != null && tryFreeze());
    try {
      Set<Integer> done = new HashSet<>(List.of(exceptPid));
      int rounds = still ? 1 : MOST_ROUNDS;
      for (boolean more = true; more && rounds > 0; rounds--) {
        more = false;
        for (int pid : pids()) {
          if (done.add(pid)) {
            more = true;
            signal.send(pid, signo);
          }
        }
      }
    } finally {
      if (freezer != null && (!paused || signo == SIGKILL)) {
        freezer.thaw();
      }
    }
  }

  /** A process that cannot be stopped is to be signalled all the same. */
  private boolean tryFreeze() {
    try {
      return freezer.freeze(FREEZE_LIMIT);
    } catch (ErrnoException e) {
      return false;
    }
  }
}
