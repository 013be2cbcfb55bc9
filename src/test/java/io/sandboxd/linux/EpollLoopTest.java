package io.sandboxd.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;

class EpollLoopTest {
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
      libc.writeAll(event, new byte[] {1, 0, 0, 0, 0, 0, 0, 0});
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
}
