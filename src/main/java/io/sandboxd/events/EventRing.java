package io.sandboxd.events;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The latest events, oldest first; each new one beyond the capacity pushes the oldest out. */
final class EventRing {
  private final EncodedEvent[] events;
  private long added;
  private long lostUpTo;

  /**
   * @param lostUpTo the id up to which events are lost already; 0 for none
   */
  EventRing(int capacity, long lostUpTo) {
    this.events = new EncodedEvent[capacity];
    this.lostUpTo = lostUpTo;
  }

  synchronized void add(EncodedEvent event) {
    int place = (int) (added % events.length);
    if (events[place] != null) {
      lostUpTo = events[place].id();
    }
    events[place] = event;
    added++;
  }

  /** Of those who stand before this, something is lost; 0 when nothing ever was. */
  synchronized long lostUpTo() {
    return lostUpTo;
  }

  /**
   * Those with a larger id, the oldest first.
   *
   * @param most how many at most
   * @return empty if some of them are lost
   */
  synchronized Optional<List<EncodedEvent>> after(long id, int most) {
    if (id < lostUpTo) {
      return Optional.empty();
    }
    List<EncodedEvent> found = new ArrayList<>();
    for (long i = firstAfter(id); i < added && found.size() < most; i++) {
      found.add(at(i));
    }
    return Optional.of(found);
  }

  private EncodedEvent at(long index) {
    return events[(int) (index % events.length)];
  }

  /** By bisection: ids grow, but not by one. */
  private long firstAfter(long id) {
    long low = Math.max(0, added - events.length);
    long high = added;
    while (low < high) {
      long middle = (low + high) >>> 1;
      if (at(middle).id() <= id) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
