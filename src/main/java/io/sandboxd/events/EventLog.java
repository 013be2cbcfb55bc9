package io.sandboxd.events;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jboss.logging.Logger;

/**
 * The order in which things have happened. What is told is on file when this returns, and can be
 * read from then on, so nobody ever sees an event that a later daemon does not know of. If there is
 * no room for it on file, it is only in memory until there is.
 *
 * <p>An id is larger than that of every event before. The first one of a daemon is not smaller than
 * the milliseconds since 1970: so ids grow also where a former history is gone or could not be
 * written down.
 */
public final class EventLog {
  private static final Logger LOG = Logger.getLogger(EventLog.class);

  /**
   * Where a reader begins.
   *
   * @param position the id of the event behind which it goes on
   * @param gap null, or what it is to be told first: something of what it asked for is lost
   */
  public record Resumption(long position, Event gap) {}

  private final Clock clock;
  private final EventFiles files;
  private final EventRing ring;
  private final int perFile;
  private final long beginning;
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private volatile long last;
  private long stored;
  private int inFile;
  private boolean failing;

  /**
   * Goes on with the history that is there, or begins one.
   *
   * @param directory for its files
   * @param kept how many events are kept in memory; at least half as many also on file
   */
  public EventLog(Path directory, int kept, Clock clock) {
    this.clock = clock;
    this.files = new EventFiles(directory);
    this.perFile = Math.max(1, kept / 2);
    EventFiles.Found found = open();
    long now = clock.millis();
    if (found == null) {
      beginning = now;
      last = beginning - 1;
      ring = new EventRing(kept, 0);
      stored = 0;
      begin();
    } else {
      List<EncodedEvent> events = found.events();
      beginning = found.beginning();
      long latest = events.isEmpty() ? beginning - 1 : events.get(events.size() - 1).id();
      last = Math.max(latest, now - 1);
      stored = last;
      inFile = found.inCurrent();
      ring = new EventRing(kept, Math.min(found.lostUpTo(), last));
      events.forEach(ring::add);
    }
  }

  private EventFiles.Found open() {
    try {
      return files.open();
    } catch (IOException e) {
      LOG.errorf("The events of the former daemon cannot be read: %s", e);
      return null;
    }
  }

  private void begin() {
    try {
      files.begin(beginning, stored);
      inFile = 0;
    } catch (IOException e) {
      LOG.errorf("Events cannot be put on file: %s", e);
      failing = true;
    }
  }

  /** Something has happened. Never fails, and waits for nobody. */
  public void tell(Event event) {
    try {
      append(event);
      listeners.forEach(Runnable::run);
    } catch (RuntimeException e) {
      LOG.errorf(e, "An event could not be told: %s", event.type().word());
    }
  }

  private synchronized void append(Event event) {
    long id = last + 1;
    EncodedEvent encoded = EncodedEvent.of(event.numbered(id, clock.instant()));
    store(encoded);
    ring.add(encoded);
    last = id;
  }

  /** With all those before for which there was no room. */
  private void store(EncodedEvent latest) {
    try {
      boolean hole = stored < ring.lostUpTo();
      if (!files.isOpen() || hole) {
        stored = ring.lostUpTo();
        files.begin(beginning, stored);
        inFile = 0;
      } else if (inFile >= perFile) {
        files.rotate(beginning, stored);
        inFile = 0;
      }
      List<EncodedEvent> missing =
          new ArrayList<>(ring.after(stored, Integer.MAX_VALUE).orElseThrow());
      missing.add(latest);
      files.append(missing);
      inFile += missing.size();
      stored = latest.id();
      failing = false;
    } catch (IOException e) {
      if (!failing) {
        LOG.errorf("Events cannot be put on file: %s", e);
      }
      failing = true;
    }
  }

  /** Called, on any thread, when there is something new; it must be quick. */
  public void onNews(Runnable listener) {
    listeners.add(listener);
  }

  /**
   * Where one begins who knows all up to an event.
   *
   * @param since its id; 0 is before all that is kept; null is now
   */
  public synchronized Resumption resume(Long since) {
    if (since == null) {
      return new Resumption(last, null);
    }
    boolean foreign = since > last || (since > 0 && since < beginning - 1);
    if (foreign || since < ring.lostUpTo()) {
      long position = Math.max(ring.lostUpTo(), beginning - 1);
      return new Resumption(position, Event.gap(position, clock.instant(), since));
    }
    return new Resumption(since, null);
  }

  /**
   * What comes behind a position, the oldest first; nothing if it is the latest.
   *
   * @param most how many at most
   * @return empty if some of it is lost
   */
  public Optional<List<EncodedEvent>> after(long position, int most) {
    return ring.after(position, most);
  }

  /** All that is kept, the oldest first. */
  public List<Event> history() {
    return ring.after(ring.lostUpTo(), Integer.MAX_VALUE).orElseThrow().stream()
        .map(EncodedEvent::decoded)
        .toList();
  }

  /** From when on all events are kept. */
  public Instant oldest() {
    return ring.lostUpTo() == 0
        ? Instant.ofEpochMilli(beginning)
        : ring.after(ring.lostUpTo(), 1).orElseThrow().stream()
            .findFirst()
            .map(first -> first.decoded().time())
            .orElseGet(clock::instant);
  }
}
