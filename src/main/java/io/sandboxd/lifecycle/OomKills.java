package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.cgroup.OomWatch;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.registry.Sandbox;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The kernel's kills for want of memory, of which it only says how many there were. Each explains
 * at most one exit; those that explain none hit what processes had started themselves, and are told
 * as well.
 */
public final class OomKills {
  /** How many of a sandbox's kills are known already. */
  private static final class Known {
    long explaining;
    long told;
  }

  private final Cgroups cgroups;
  private final OomWatch watch;
  private final TellEvents events;
  private final Map<String, Known> known = new ConcurrentHashMap<>();

  public OomKills(Cgroups cgroups, OomWatch watch, TellEvents events) {
    this.cgroups = cgroups;
    this.watch = watch;
    this.events = events;
  }

  /**
   * Also of a sandbox that a former daemon has left.
   *
   * @param toldBefore how many kills were told already; null: all there were
   */
  void watch(Sandbox sandbox, Long toldBefore) {
    Known of = of(sandbox);
    synchronized (of) {
      of.told = toldBefore == null ? count(sandbox) : toldBefore;
      of.explaining = of.told;
    }
    watch.watch(cgroups.of(sandbox.id()), () -> tellOthers(sandbox));
  }

  void forget(Sandbox sandbox) {
    watch.forget(cgroups.of(sandbox.id()));
    known.remove(sandbox.id());
  }

  private Known of(Sandbox sandbox) {
    return known.computeIfAbsent(sandbox.id(), id -> new Known());
  }

  private long count(Sandbox sandbox) {
    try {
      return cgroups.of(sandbox.id()).figures().oomKills();
    } catch (ErrnoException e) {
      return 0;
    }
  }

  /** Whether there was a kill that has explained no exit yet; from now on they all have. */
  boolean explain(Sandbox sandbox) {
    Known of = of(sandbox);
    synchronized (of) {
      long kills = count(sandbox);
      boolean more = kills > of.explaining;
      of.explaining = kills;
      return more;
    }
  }

  /** That of a process is told with its exit. */
  void isTold(Sandbox sandbox) {
    Known of = of(sandbox);
    synchronized (of) {
      of.told++;
    }
  }

  /** Those that nobody was told of. */
  void tellOthers(Sandbox sandbox) {
    Known of = of(sandbox);
    synchronized (of) {
      long kills = count(sandbox);
      if (kills > of.told) {
        events.outOfMemory(sandbox.status(), kills - of.told);
        of.told = kills;
      }
    }
  }

  /** A process's own group is gone; on cgroup v1 its kills went with it. */
  void countAnew(Sandbox sandbox) {
    Known of = of(sandbox);
    synchronized (of) {
      long kills = count(sandbox);
      of.explaining = Math.min(of.explaining, kills);
      of.told = Math.min(of.told, kills);
    }
  }
}
