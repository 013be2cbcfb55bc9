package io.sandboxd.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.launch.BlankKind;
import io.sandboxd.sandbox.NamespaceType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BlanksTest {
  private static final BlankKind NET = new BlankKind(Set.of(NamespaceType.NETWORK));
  private static final BlankKind PID = new BlankKind(Set.of(NamespaceType.PID));
  private static final BlankKind IPC = new BlankKind(Set.of(NamespaceType.IPC));

  /** Makes nothing but the account of what was asked for. */
  private static final class Books implements Blanks.Maker {
    final List<Blank> made = new ArrayList<>();
    final List<String> gone = new ArrayList<>();
    final List<String> dead = new ArrayList<>();
    final Map<String, Consumer<String>> whenLost = new HashMap<>();
    long now;
    boolean fails;
    boolean stuck;

    @Override
    public Blank make(BlankKind kind, String id, Consumer<String> lost) {
      if (fails) {
        throw new IllegalStateException("there is nothing to make it of");
      }
      LaunchInit.Launched init = new LaunchInit.Launched(0, null, 0);
      Blank blank = new Blank(kind, id, null, null, Map.of(), init, null, now);
      made.add(blank);
      whenLost.put(id, lost);
      return blank;
    }

    @Override
    public boolean isAlive(Blank blank) {
      return !dead.contains(blank.id());
    }

    @Override
    public void putAway(Blank blank) {
      gone.add(blank.id());
    }

    @Override
    public boolean clear(String id) {
      return !stuck;
    }
  }

  private final Books books = new Books();
  private final Deque<Runnable> chores = new ArrayDeque<>();
  private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
  private final Blanks blanks = new Blanks(4, books, chores::add, timer, () -> books.now);

  @AfterEach
  void endTimer() {
    timer.shutdownNow();
  }

  private void work() {
    while (!chores.isEmpty()) {
      chores.remove().run();
    }
  }

  /** A create, and what comes after it. */
  private Optional<Blank> create(BlankKind kind) {
    blanks.begun();
    Optional<Blank> blank = blanks.take(kind);
    blank.ifPresent(blanks::release);
    blanks.ended();
    work();
    return blank;
  }

  private void pass(int seconds) {
    books.now += seconds * 1_000_000_000L;
  }

  /** As at a look in time. */
  private void look() {
    blanks.begun();
    blanks.ended();
    work();
  }

  /** So it is the pool's until it is gone, and no leak. */
  @Test
  void whatCannotBeTakenAwayIsTriedAgain() {
    create(NET);
    String id = books.made.get(0).id();
    books.stuck = true;
    assertTrue(blanks.giveWay());
    assertEquals(List.of(id), books.gone);
    assertEquals(Set.of(id), blanks.ids());
    books.stuck = false;
    ((Runnable) timer.getQueue().peek()).run();
    work();
    assertEquals(Set.of(), blanks.ids());
  }

  @Test
  void soIsWhatCouldNotBeMade() {
    books.fails = true;
    books.stuck = true;
    create(NET);
    assertEquals(1, blanks.ids().size());
    books.stuck = false;
    ((Runnable) timer.getQueue().peek()).run();
    work();
    assertEquals(Set.of(), blanks.ids());
  }

  @Test
  void thereIsOneForEachOfTheLatestCreates() {
    assertTrue(create(NET).isEmpty());
    assertEquals(1, blanks.count());
    assertEquals(books.made.get(0), create(NET).orElseThrow());
    assertEquals(2, blanks.count());
    for (int i = 0; i < 10; i++) {
      assertTrue(create(NET).isPresent());
    }
    assertEquals(4, blanks.count());
    assertEquals(4, blanks.ids().size());
  }

  @Test
  void twoKindsDoNotDriveEachOtherOut() {
    for (int i = 0; i < 10; i++) {
      create(NET);
    }
    assertTrue(create(PID).isEmpty());
    for (int i = 0; i < 10; i++) {
      assertTrue(create(PID).isPresent());
    }
    assertEquals(8, blanks.count(), "twice as many as of one kind");
    assertEquals(List.of(), books.gone);
    for (int i = 0; i < 10; i++) {
      assertEquals(NET, create(NET).orElseThrow().kind());
    }
  }

  @Test
  void moreKindsShareThePlacesAsTheyAreAskedFor() {
    for (BlankKind kind : List.of(NET, PID)) {
      for (int i = 0; i < 4; i++) {
        create(kind);
      }
    }
    assertTrue(create(IPC).isEmpty());
    assertEquals(1, books.gone.size(), "one has made room");
    assertEquals(8, blanks.count());
    assertEquals(IPC, create(IPC).orElseThrow().kind());
    assertEquals(NET, create(NET).orElseThrow().kind());
    assertEquals(PID, create(PID).orElseThrow().kind());
  }

  @Test
  void nothingIsMadeDuringACreate() {
    blanks.begun();
    blanks.begun();
    blanks.take(NET);
    blanks.ended();
    work();
    assertEquals(List.of(), books.made);
    blanks.ended();
    work();
    assertEquals(1, books.made.size());
  }

  /** One that began while there was much to do ends that. */
  @Test
  void aCreateIsNotKeptWaiting() {
    blanks.begun();
    blanks.take(NET);
    blanks.take(NET);
    blanks.ended();
    blanks.begun();
    work();
    assertEquals(List.of(), books.made);
  }

  @Test
  void theOldestIsTakenFirst() {
    create(NET);
    create(NET);
    pass(1);
    create(NET);
    assertEquals(books.made.get(3 - 1), create(NET).orElseThrow());
  }

  @Test
  void theyDoNotGetOld() {
    create(NET);
    pass(59);
    look();
    assertEquals(1, blanks.count());
    pass(1);
    blanks.begun();
    assertTrue(blanks.take(NET).isEmpty(), "good for nothing, though nobody has looked yet");
    blanks.ended();
    work();
    assertEquals(List.of(books.made.get(0).id()), books.gone);
    assertEquals(1, blanks.count());
  }

  @Test
  void whatIsNotAskedForAnyMoreIsGivenBack() {
    create(NET);
    create(NET);
    pass(60);
    look();
    assertEquals(0, blanks.count());
    assertEquals(Set.of(), blanks.ids());
  }

  @Test
  void aDeadOneIsPassedOver() {
    create(NET);
    create(NET);
    books.dead.add(books.made.get(1).id());
    assertEquals(books.made.get(2), create(NET).orElseThrow());
    assertEquals(List.of(books.made.get(1).id()), books.gone);
  }

  @Test
  void aDeadOneIsNoticedAndReplaced() {
    create(NET);
    String id = books.made.get(0).id();
    books.dead.add(id);
    books.whenLost.get(id).accept(id);
    work();
    assertEquals(List.of(id), books.gone);
    assertEquals(1, blanks.count());
    assertEquals(Set.of(books.made.get(1).id()), blanks.ids());
  }

  @Test
  void whatWasTakenAndNotUsedIsPutBack() {
    create(NET);
    Blank taken = blanks.take(NET).orElseThrow();
    assertTrue(blanks.owns(taken));
    blanks.putBack(taken);
    assertEquals(taken, blanks.take(NET).orElseThrow());
  }

  @Test
  void theyGiveWayForAWhile() {
    create(NET);
    create(NET);
    assertTrue(blanks.giveWay());
    assertFalse(blanks.giveWay(), "there are none any more");
    assertEquals(Set.of(), blanks.ids());
    create(NET);
    pass(9);
    look();
    assertEquals(0, blanks.count());
    pass(1);
    look();
    assertEquals(3, blanks.count(), "what was asked for is not forgotten");
  }

  @Test
  void whenNoneCanBeMadeItIsNotTriedAllTheTime() {
    books.fails = true;
    create(NET);
    books.fails = false;
    create(NET);
    assertEquals(0, blanks.count());
    assertEquals(Set.of(), blanks.ids());
    pass(10);
    create(NET);
    assertEquals(3, blanks.count());
  }

  @Test
  void closedItHasNone() {
    create(NET);
    blanks.close();
    assertEquals(List.of(books.made.get(0).id()), books.gone);
    pass(60);
    create(NET);
    assertEquals(1, books.made.size());
  }

  @Test
  void withoutRoomThereIsNothing() {
    Blanks none = new Blanks(0, books, chores::add, timer, () -> books.now);
    none.begun();
    assertTrue(none.take(NET).isEmpty());
    none.ended();
    work();
    assertEquals(List.of(), books.made);
  }
}
