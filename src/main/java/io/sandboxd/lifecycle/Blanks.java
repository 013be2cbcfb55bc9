package io.sandboxd.lifecycle;

import io.sandboxd.launch.BlankKind;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/**
 * Blanks that were made ahead, so that a create need not wait for namespaces and cgroups. It has
 * what the latest creates have asked for, one for each of them, so whoever asks for the same again
 * finds it; and keeps that for as long as one may expect them to.
 *
 * <p>Work on it is done one at a time, and never while there is a create: making namespaces and
 * moving into cgroups goes through locks of the whole kernel.
 */
public final class Blanks {
  private static final Logger LOG = Logger.getLogger(Blanks.class);

  /**
   * For how long a create is remembered, and a blank good: new network namespaces take some
   * settings from the host as they are then, so none should be old.
   */
  static final Duration LIFETIME = Duration.ofMinutes(1);

  /** For how long there are none once what they take was needed. */
  private static final Duration REST = Duration.ofSeconds(10);

  /** So that two kinds that are asked for in turn do not drive each other out. */
  private static final int SHARES = 2;

  private static final Duration LOOK = Duration.ofSeconds(10);

  /** How blanks come and go. */
  interface Maker {
    /**
     * @param whenLost told the id, from any thread, when it is good for nothing any more
     * @throws RuntimeException with as little left as can be done
     */
    Blank make(BlankKind kind, String id, Consumer<String> whenLost);

    boolean isAlive(Blank blank);

    /** Ends its init, and lets go of what is held of it. */
    void putAway(Blank blank);

    /**
     * Takes away what is left of one that was put away, or could not be made.
     *
     * @return whether all of it is gone
     */
    boolean clear(String id);
  }

  private record Ask(BlankKind kind, long at) {}

  private final int room;
  private final Maker maker;
  private final Executor chores;
  private final ScheduledExecutorService timer;
  private final LongSupplier nanoTime;

  private final Deque<Ask> asks = new ArrayDeque<>();
  private final Deque<Blank> ready = new ArrayDeque<>();
  private final Set<String> ids = ConcurrentHashMap.newKeySet();
  private final Set<String> remains = ConcurrentHashMap.newKeySet();
  private int creates;
  private boolean working;
  private boolean making;
  private boolean looking;
  private boolean closed;
  private long restUntil;

  /**
   * @param room how many of a kind there may be, and half of how many there may be of all; 0 or
   *     more
   * @param chores where they are made
   */
  public Blanks(int room, Maker maker, Executor chores, ScheduledExecutorService timer) {
    this(room, maker, chores, timer, System::nanoTime);
  }

  Blanks(
      int room,
      Maker maker,
      Executor chores,
      ScheduledExecutorService timer,
      LongSupplier nanoTime) {
    this.room = room;
    this.maker = maker;
    this.chores = chores;
    this.timer = timer;
    this.nanoTime = nanoTime;
    this.restUntil = nanoTime.getAsLong();
  }

  /** A create begins; {@link #ended} has to follow. */
  synchronized void begun() {
    creates++;
  }

  synchronized void ended() {
    creates--;
    work();
  }

  /** The oldest that fits; its id is {@link #ids still the pool's} until it is released. */
  Optional<Blank> take(BlankKind kind) {
    ask(kind);
    for (Optional<Blank> found; (found = poll(kind)).isPresent(); ) {
      if (maker.isAlive(found.get())) {
        return found;
      }
      putAwayLater(found.get());
    }
    return Optional.empty();
  }

  private synchronized Optional<Blank> poll(BlankKind kind) {
    long now = nanoTime.getAsLong();
    Optional<Blank> found =
        ready.stream().filter(b -> b.kind().equals(kind) && !isOld(b.madeAt(), now)).findFirst();
    found.ifPresent(ready::remove);
    return found;
  }

  private synchronized void ask(BlankKind kind) {
    asks.addLast(new Ask(kind, nanoTime.getAsLong()));
    List<Ask> same = asks.stream().filter(each -> each.kind().equals(kind)).toList();
    if (same.size() > room) {
      asks.remove(same.get(0));
    } else if (asks.size() > SHARES * room) {
      asks.removeFirst();
    }
  }

  boolean owns(Blank blank) {
    return ids.contains(blank.id());
  }

  /** It is a sandbox's from now on. */
  void release(Blank blank) {
    ids.remove(blank.id());
  }

  /** It was taken and is as it was. */
  synchronized void putBack(Blank blank) {
    if (isResting()) {
      putAwayLater(blank);
    } else {
      ready.addFirst(blank);
    }
  }

  /** Takes away all that a blank consists of. */
  void putAway(Blank blank) {
    maker.putAway(blank);
    clear(blank.id());
  }

  /** Without a descriptor, say, it cannot be done now, and is to be tried again. */
  private void clear(String id) {
    if (maker.clear(id)) {
      remains.remove(id);
      ids.remove(id);
    } else {
      remains.add(id);
      synchronized (this) {
        look();
      }
    }
  }

  /** Of all that there are, in the making and in the unmaking too. */
  Set<String> ids() {
    return Set.copyOf(ids);
  }

  public synchronized int count() {
    return ready.size();
  }

  /**
   * Puts them all away, and makes none for a while: what they take is needed.
   *
   * @return whether there were any
   */
  public boolean giveWay() {
    List<Blank> all;
    synchronized (this) {
      rest();
      awaitMade();
      all = List.copyOf(ready);
      ready.clear();
    }
    LOG.debugf("Blanks that give way: %d.", all.size());
    all.forEach(this::putAway);
    return !all.isEmpty();
  }

  /** For good. */
  public void close() {
    synchronized (this) {
      closed = true;
    }
    giveWay();
  }

  private void rest() {
    restUntil = nanoTime.getAsLong() + REST.toNanos();
  }

  private boolean isResting() {
    return closed || nanoTime.getAsLong() - restUntil < 0;
  }

  /** What is being made takes something too. */
  private void awaitMade() {
    boolean interrupted = false;
    while (making) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whoever creates, and the reaper, must not wait for it. */
  private void putAwayLater(Blank blank) {
    chores.execute(() -> putAway(blank));
  }

  private void lost(String id) {
    Optional<Blank> found;
    synchronized (this) {
      found = ready.stream().filter(blank -> blank.id().equals(id)).findFirst();
      found.ifPresent(ready::remove);
    }
    found.ifPresent(
        blank -> {
          LOG.debugf("Blank %s: its init was killed.", id);
          putAwayLater(blank);
          work();
        });
  }

  private synchronized void work() {
    if (!working && next() != null) {
      working = true;
      chores.execute(this::workOn);
    }
    look();
  }

  private void workOn() {
    for (Runnable task; (task = nextTask()) != null; ) {
      try {
        task.run();
      } catch (RuntimeException e) {
        LOG.debugf("No blank can be made now: %s", e.getMessage());
        synchronized (this) {
          rest();
        }
      }
    }
  }

  private synchronized Runnable nextTask() {
    Runnable task = next();
    working = task != null; // under the lock, so that whoever has work meanwhile knows
    return task;
  }

  /** In time, for what is too old; as long as there is anything that gets old. */
  private void look() {
    if (looking || closed || (ready.isEmpty() && asks.isEmpty() && remains.isEmpty())) {
      return;
    }
    looking = true;
    var unused =
        timer.schedule(
            () -> {
              if (!remains.isEmpty()) {
                chores.execute(() -> remains.forEach(this::clear));
              }
              synchronized (this) {
                looking = false;
                work();
              }
            },
            LOOK.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /** What is to be done now; null: nothing. */
  private Runnable next() {
    long now = nanoTime.getAsLong();
    asks.removeIf(ask -> isOld(ask.at(), now));
    if (creates > 0 || closed) {
      return null;
    }
    List<BlankKind> wanted = new ArrayList<>();
    asks.forEach(ask -> wanted.add(ask.kind()));
    for (Blank each : ready) {
      if (isOld(each.madeAt(), now) || !wanted.remove(each.kind())) {
        return () -> retire(each);
      }
    }
    if (wanted.isEmpty() || isResting()) {
      return null;
    }
    BlankKind latest = wanted.get(wanted.size() - 1);
    return () -> add(latest);
  }

  private static boolean isOld(long at, long now) {
    return now - at >= LIFETIME.toNanos();
  }

  private void retire(Blank blank) {
    boolean ours;
    synchronized (this) {
      ours = ready.remove(blank);
    }
    if (ours) {
      putAway(blank);
    }
  }

  private void add(BlankKind kind) {
    synchronized (this) {
      if (isResting()) {
        return;
      }
      making = true;
    }
    String id = SandboxIds.random();
    ids.add(id);
    Blank made = null;
    try {
      made = maker.make(kind, id, this::lost);
    } finally {
      synchronized (this) {
        making = false;
        if (made != null) {
          ready.addLast(made);
        }
        notifyAll();
      }
      if (made == null) {
        clear(id);
      }
    }
    Fault.BLANK_POOLED.here(made.init().pid());
    if (!maker.isAlive(made)) {
      lost(id); // when it was not there to be found yet
    }
  }
}
