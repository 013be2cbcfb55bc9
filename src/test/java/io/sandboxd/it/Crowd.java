package io.sandboxd.it;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Many clients at once. */
final class Crowd {
  /** What one of them does. */
  interface Task<T> {
    T run(int number) throws Exception;
  }

  private Crowd() {}

  /** Does a task so many times, at most so many at a time, and gives what each gave. */
  static <T> List<T> run(int times, int atOnce, Task<T> task) {
    ExecutorService threads = Executors.newFixedThreadPool(atOnce);
    try {
      List<Future<T>> begun = new ArrayList<>();
      for (int i = 0; i < times; i++) {
        int number = i;
        begun.add(threads.submit(() -> task.run(number)));
      }
      List<T> results = new ArrayList<>();
      for (Future<T> one : begun) {
        results.add(one.get());
      }
      return results;
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    } finally {
      threads.shutdownNow();
    }
  }
}
