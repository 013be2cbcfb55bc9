package io.sandboxd.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;

class EpollLoopTest {
  private static final byte[] ONE = {1, 0, 0, 0, 0, 0, 0, 0};

  @Test
  void runsTasksOnItsThreadBetweenEvents() throws InterruptedException {
    Syscalls libc = new Libc();
    BlockingQueue<String> done = new LinkedBlockingQueue<>();
    Runnable task = () -> done.add(Thread.currentThread().getName());
    try (EpollLoop loop = new EpollLoop(libc, "a loop");
        Fd event = libc.eventfd()) {
      loop.execute(task);
      loop.start();
      assertEquals("a loop", done.take(), "what it was given before it ran");
      loop.watch(event, () -> done.add("event"));
      libc.writeAll(event, ONE);
      assertEquals("event", done.take());
      loop.forget(event);
      loop.execute(
          () -> {
            throw new IllegalStateException("one that fails");
          });
      done.clear();
      loop.execute(() -> done.add("the next"));
      String next = done.take();
      while (next.equals("event")) {
        next = done.take();
      }
      assertEquals("the next", next);
    }
  }

  /** The kernel gives the lowest number that is free: the one that was closed last. */
  @Test
  void anEventForWhatWasClosedIsNotItsSuccessors() throws InterruptedException {
    Syscalls libc = new Libc();
    BlockingQueue<String> done = new LinkedBlockingQueue<>();
    List<Fd> events = new ArrayList<>(List.of(libc.eventfd(), libc.eventfd()));
    try (EpollLoop loop = new EpollLoop(libc, "a loop");
        Fd last = libc.eventfd()) {
      // Both are ready before the loop runs, so that it hears of both at once.
      for (int i = 0; i < 2; i++) {
        int other = 1 - i;
        libc.writeAll(events.get(i), ONE);
        loop.watch(
            events.get(i),
            () -> {
              Fd closed = events.get(other);
              loop.forget(events.get(1 - other));
              loop.forget(closed);
              int number = closed.number();
              closed.close();
              events.set(other, libc.eventfd());
              assertEquals(number, events.get(other).number());
              loop.watch(events.get(other), () -> done.add("the successor"));
              loop.watch(last, () -> done.add("the last"));
            });
      }
      libc.writeAll(last, ONE);
      loop.start();
      assertEquals("the last", done.take());
    } finally {
      events.forEach(Fd::close);
    }
  }
}
