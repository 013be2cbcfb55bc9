package io.sandboxd.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.events.EventLog.Resumption;
import io.sandboxd.sandbox.Owner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventLogTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
  private static final long FIRST = NOW.toEpochMilli();
  private static final int KEPT = 8;

  @TempDir Path root;
  private Path directory;
  private EventLog log;

  @BeforeEach
  void begin() {
    directory = root.resolve("events");
    log = open(NOW);
  }

  private EventLog open(Instant now) {
    return new EventLog(directory, KEPT, Clock.fixed(now, ZoneOffset.UTC));
  }

  private static Event deleted(int number) {
    return Event.deleted(new Event.Subject("id" + number, "name" + number, Owner.ROOT));
  }

  private void tell(int from, int to) {
    for (int i = from; i <= to; i++) {
      log.tell(deleted(i));
    }
  }

  private static List<String> names(EventLog log) {
    return log.history().stream().map(e -> e.sandbox().name()).toList();
  }

  @Test
  void eventsAreNumberedAndRead() {
    tell(1, 3);
    List<EncodedEvent> read = log.after(FIRST, 10).orElseThrow();
    assertEquals(List.of(FIRST + 1, FIRST + 2), read.stream().map(EncodedEvent::id).toList());
    Event event = read.get(0).decoded();
    assertEquals(deleted(2).numbered(FIRST + 1, NOW), event);
    assertEquals(1, log.after(FIRST, 1).orElseThrow().size(), "no more than asked for");
    assertEquals(List.of(), log.after(FIRST + 2, 10).orElseThrow());
  }

  @Test
  void whoIsNewBeginsNow() {
    tell(1, 3);
    assertEquals(new Resumption(FIRST + 2, null), log.resume(null));
  }

  @Test
  void whoComesBackGoesOn() {
    tell(1, 3);
    assertEquals(new Resumption(FIRST, null), log.resume(FIRST));
    assertEquals(new Resumption(FIRST + 2, null), log.resume(FIRST + 2));
    assertNull(log.resume(0L).gap(), "nothing is lost yet");
    assertEquals(3, log.after(log.resume(0L).position(), 10).orElseThrow().size());
  }

  @Test
  void whatIsForgottenIsAGap() {
    tell(1, KEPT + 2);
    long lost = FIRST + 1;
    assertTrue(log.after(lost - 1, 10).isEmpty(), "the next one is lost");
    assertEquals(KEPT, log.after(lost, 10).orElseThrow().size());
    assertNull(log.resume(lost).gap());
    for (long since : List.of(0L, FIRST, lost - 1)) {
      Resumption from = log.resume(since);
      assertEquals(lost, from.position());
      assertEquals(Event.gap(lost, NOW, since), from.gap());
    }
  }

  /** Its file system is emptied with every start of the machine. */
  @Test
  void anotherHistoryIsAGap() {
    tell(1, 1);
    for (long since : List.of(17L, FIRST - 2, FIRST + 1)) {
      assertEquals(new Resumption(FIRST - 1, Event.gap(FIRST - 1, NOW, since)), log.resume(since));
    }
    assertNull(log.resume(FIRST - 1).gap(), "as the gap said");
  }

  @Test
  void theNextDaemonGoesOn() {
    tell(1, 3);
    Instant later = NOW.plusSeconds(60);
    EventLog next = open(later);
    assertEquals(List.of("name1", "name2", "name3"), names(next));
    assertNull(next.resume(FIRST).gap());
    assertNull(next.resume(0L).gap());
    next.tell(deleted(4));
    assertEquals(
        List.of(FIRST + 2, later.toEpochMilli()),
        next.after(FIRST + 1, 10).orElseThrow().stream().map(EncodedEvent::id).toList());
  }

  @Test
  void idsGrowAlsoWhenTheClockGoesBack() {
    tell(1, 3);
    EventLog next = open(NOW.minusSeconds(60));
    next.tell(deleted(4));
    assertEquals(FIRST + 3, next.history().get(3).id());
  }

  @Test
  void theFilesStaySmall() throws Exception {
    tell(1, 10 * KEPT);
    long lines = 0;
    for (String name : List.of("current", "former")) {
      lines += Files.readAllLines(directory.resolve(name)).size();
    }
    assertTrue(lines <= KEPT + 2, "two headers, and " + KEPT + " events: " + lines);
    EventLog next = open(NOW);
    List<Event> history = next.history();
    assertTrue(history.size() >= KEPT / 2, "" + history.size());
    assertEquals("name80", history.get(history.size() - 1).sandbox().name());
    long lost = history.get(0).id() - 1;
    assertNull(next.resume(lost).gap());
    assertEquals(lost, next.resume(lost - 1).gap().id());
    assertEquals(lost, next.resume(0L).gap().id());
  }

  @Test
  void aLineThatWasCutOffWasNeverTold() throws Exception {
    tell(1, 2);
    Path current = directory.resolve("current");
    byte[] whole = Files.readAllBytes(current);
    Files.write(current, "{\"id\":".getBytes(StandardCharsets.UTF_8), StandardOpenOption.APPEND);
    EventLog next = open(NOW);
    assertEquals(List.of("name1", "name2"), names(next));
    next.tell(deleted(3));
    assertEquals(List.of("name1", "name2", "name3"), names(open(NOW)));
    String text = Files.readString(current);
    assertTrue(text.startsWith(new String(whole, StandardCharsets.UTF_8) + "{\"id\":"), text);
    assertEquals(4, text.lines().count());
  }

  @Test
  void aDamagedLineIsAGap() throws Exception {
    tell(1, 4);
    damage("name2");
    EventLog next = open(NOW);
    assertEquals(List.of("name3", "name4"), names(next));
    assertEquals(FIRST + 1, next.resume(FIRST).gap().id());
    assertNull(next.resume(FIRST + 1).gap());
  }

  @Test
  void aDamagedEndIsAGap() throws Exception {
    tell(1, 3);
    damage("name3");
    EventLog next = open(NOW.plusSeconds(1));
    assertEquals(List.of(), next.history());
    assertTrue(next.resume(FIRST + 1).gap() != null);
    next.tell(deleted(4));
    assertEquals(List.of("name4"), names(next));
  }

  private void damage(String name) throws IOException {
    Path current = directory.resolve("current");
    Files.writeString(current, Files.readString(current).replace(name + "\"", name));
  }

  @Test
  void filesOfAnotherVersionAreNotRead() throws Exception {
    tell(1, 1);
    Path current = directory.resolve("current");
    Files.writeString(current, Files.readString(current).replace("\"version\":1", "\"version\":2"));
    EventLog next = open(NOW.plusSeconds(60));
    assertEquals(List.of(), next.history());
    assertTrue(next.resume(FIRST).gap() != null);
    next.tell(deleted(2));
    assertEquals(List.of("name2"), names(open(NOW.plusSeconds(61))));
  }

  @Test
  void aRotationThatWasCutOffLosesNothing() throws Exception {
    tell(1, 3);
    Files.move(directory.resolve("current"), directory.resolve("former"));
    assertEquals(List.of("name1", "name2", "name3"), names(open(NOW)));
  }

  /** A file where the directory should be stands for a full file system. */
  @Test
  void whatCannotBeWrittenIsToldAndWrittenLater() throws Exception {
    beginWhereNothingCanBeWritten();
    tell(1, 2);
    assertEquals(List.of("name1", "name2"), names(log));
    Files.delete(directory);
    tell(3, 3);
    assertEquals(List.of("name1", "name2", "name3"), names(open(NOW)));
  }

  private void beginWhereNothingCanBeWritten() throws IOException {
    directory = root.resolve("full");
    Files.writeString(directory, "in the way");
    log = open(NOW);
  }

  @Test
  void whatWasForgottenBeforeItCouldBeWrittenIsAGap() throws Exception {
    beginWhereNothingCanBeWritten();
    tell(1, KEPT + 1);
    Files.delete(directory);
    tell(KEPT + 2, KEPT + 2);
    EventLog next = open(NOW);
    assertEquals("name3", names(next).get(0));
    assertEquals(FIRST + 1, next.resume(0L).gap().id());
  }

  @Test
  void listenersAreCalledWhenItCanBeRead() {
    AtomicInteger seen = new AtomicInteger();
    log.onNews(() -> seen.set(log.history().size()));
    tell(1, 2);
    assertEquals(2, seen.get());
  }

  @Test
  void aListenerThatFailsHarmsNobody() {
    log.onNews(
        () -> {
          throw new IllegalStateException("on purpose");
        });
    tell(1, 1);
    assertFalse(log.history().isEmpty());
  }
}
