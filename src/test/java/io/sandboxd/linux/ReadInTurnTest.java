package io.sandboxd.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ReadInTurnTest {
  private static final byte[] ONE = {1, 0, 0, 0, 0, 0, 0, 0};
  private static final Duration LONG = Duration.ofSeconds(50);

  /** poll(2) where there is one, else ppoll(2). */
  private static final Set<String> POLL = Set.of("7", "73", "271");

  private final Syscalls libc = new Libc();
  private final EpollLoop loop = new EpollLoop(libc, "loop");
  private final Fd event = libc.eventfd();

  /** Which thread has read. */
  private final BlockingQueue<String> readers = new LinkedBlockingQueue<>();

  private final BlockingQueue<String> ended = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> over = new LinkedBlockingQueue<>();
  private final AtomicBoolean last = new AtomicBoolean();

  /** What the next read comes to. */
  private final AtomicReference<Error> failure = new AtomicReference<>();

  private CompletableFuture<Void> answer = new CompletableFuture<>();
  private final ReadInTurn reading = new ReadInTurn(libc, event, this::read);

  private boolean read() {
    Error thrown = failure.getAndSet(null);
    if (thrown != null) {
      throw thrown;
    }
    if (libc.tryRead(event, ByteBuffer.allocate(Long.BYTES)) > 0) {
      readers.add(Thread.currentThread().getName());
      answer.complete(null);
    }
    return !last.get();
  }

  @BeforeEach
  void begin() {
    loop.start();
    reading.watch(loop, () -> over.add(Thread.currentThread().getName()));
  }

  @AfterEach
  void close() {
    reading.close(event::close);
    loop.close();
  }

  private Thread attender(String name) {
    CompletableFuture<Void> wanted = answer;
    Thread thread = new Thread(() -> ended.add(name + outcome(wanted, LONG)), name);
    thread.start();
    return thread;
  }

  private String outcome(Future<?> wanted, Duration limit) {
    try {
      reading.await(wanted, limit);
      return " has it";
    } catch (TimeoutException e) {
      return " waits no longer";
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  private void write() {
    libc.writeAll(event, ONE);
  }

  @Test
  void theLoopReadsWhileNobodyWaits() throws InterruptedException {
    write();
    assertEquals("loop", readers.take());
  }

  @Test
  void whoWaitsReadsAndThenTheLoopAgain() throws InterruptedException {
    Thread one = attender("one");
    awaitPoll("one");
    write();
    one.join();
    assertEquals("one", readers.take());
    answer = new CompletableFuture<>();
    write();
    assertEquals("loop", readers.take());
  }

  @Test
  void onlyOneReadsAndBothAreTold() throws InterruptedException {
    Thread one = attender("one");
    awaitPoll("one");
    Thread two = attender("two");
    Awaitility.await().until(() -> two.getState() == Thread.State.TIMED_WAITING);
    write();
    one.join();
    two.join();
    assertEquals("one", readers.take());
    assertEquals(Set.of("one has it", "two has it"), Set.copyOf(ended));
  }

  @Test
  void nobodyWaitsForLongerThanHeWants() {
    assertEquals(" waits no longer", outcome(new CompletableFuture<>(), Duration.ofMillis(1)));
    answer.complete(null);
    assertEquals(" has it", outcome(answer, Duration.ZERO));
    assertTrue(readers.isEmpty());
  }

  /**
   * Whoever finds that it is over tells, once; nobody waits for more, or is woken by what is left.
   */
  @Test
  void theEndIsToldByWhoReads() throws InterruptedException {
    last.set(true);
    Thread one = attender("one");
    awaitPoll("one");
    write();
    one.join();
    assertEquals("one", over.take());
    assertEquals("one", readers.take());
    last.set(false);
    write();
    assertEquals(" waits no longer", outcome(new CompletableFuture<>(), Duration.ofMillis(1)));
    CompletableFuture<Void> loopHasLooked = new CompletableFuture<>();
    loop.execute(() -> loopHasLooked.complete(null));
    loopHasLooked.join();
    assertTrue(readers.isEmpty());
    assertTrue(over.isEmpty());
  }

  /** What goes wrong for one who waits is no reason for all to hear nothing any more. */
  @Test
  void theLoopReadsAgainAfterAFailure() throws InterruptedException {
    failure.set(new StackOverflowError());
    CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    Thread one = attender("one");
    one.setUncaughtExceptionHandler((thread, e) -> thrown.complete(e));
    awaitPoll("one");
    write();
    assertEquals(StackOverflowError.class, thrown.join().getClass());
    assertEquals("loop", readers.take());
  }

  @Test
  void aCloseWaitsForWhoReads() throws InterruptedException {
    Thread one = attender("one");
    awaitPoll("one");
    AtomicBoolean closed = new AtomicBoolean();
    Thread closer = new Thread(() -> reading.close(() -> closed.set(true)), "closer");
    closer.start();
    Awaitility.await().until(() -> closer.getState() == Thread.State.WAITING);
    assertFalse(closed.get());
    write();
    one.join();
    closer.join();
    assertTrue(closed.get());
  }

  private static void awaitPoll(String thread) {
    Awaitility.await("the thread's poll").until(() -> isInPoll(thread));
  }

  /** By what the kernel says of it (proc_pid_syscall(5)): for Java it runs. */
  private static boolean isInPoll(String thread) throws IOException {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (Path each : all) {
        if (Files.readString(each.resolve("comm")).strip().equals(thread)) {
          return POLL.contains(Files.readString(each.resolve("syscall")).split(" ")[0]);
        }
      }
    }
    return false;
  }
}
