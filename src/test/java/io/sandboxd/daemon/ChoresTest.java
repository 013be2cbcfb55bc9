package io.sandboxd.daemon;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ChoresTest {
  @Test
  void whatHasNoThreadIsDoneWhenThereIsOne() throws InterruptedException {
    ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    try {
      AtomicInteger refusals = new AtomicInteger(2);
      Executor scarce =
          task -> {
            if (refusals.getAndDecrement() > 0) {
              throw new OutOfMemoryError("unable to create native thread");
            }
            task.run();
          };
      CountDownLatch done = new CountDownLatch(1);
      new Chores(scarce, timer).execute(done::countDown);
      assertTrue(done.await(20, TimeUnit.SECONDS));
    } finally {
      timer.shutdownNow();
    }
  }
}
