package io.sandboxd.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ReadInTurnTest {
  private static final byte[] ONE = {1, 0, 0, 0, 0, 0, 0, 0};
  private static final long LONG = TimeUnit.SECONDS.toMillis(50);

  /** poll(2) where there is one, else ppoll(2). */
  private static final Set<String> POLL = Set.of("7", "73", "271");

  private final Syscalls libc = new Libc();
  private final EpollLoop loop = new EpollLoop(libc, "loop");
  private final Fd event = libc.eventfd();

  /** Which thread has read. */
  private final BlockingQueue<String> readers = new LinkedBlockingQueue<>();

  private final BlockingQueue<String> over = new LinkedBlockingQueue<>();
  private final AtomicBoolean last = new AtomicBoolean();
  private CompletableFuture<Void> answer = new CompletableFuture<>();
  private final ReadInTurn reading = new ReadInTurn(libc, event, this::read);

  private boolean read() {
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
    Thread thread = new Thread(() -> reading.attend(wanted, LONG), name);
    thread.start();
    return thread;
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

  /** The second one is to wait for its answer in another way, and gets it. */
  @Test
  void onlyOneReads() throws InterruptedException {
    Thread one = attender("one");
    awaitPoll("one");
    reading.attend(answer, LONG);
    assertFalse(answer.isDone(), "it came back at once");
    write();
    one.join();
    assertEquals("one", readers.take());
  }

  @Test
  void whatHasComeAlreadyIsNotWaitedFor() {
    answer.complete(null);
    reading.attend(answer, LONG);
    reading.attend(new CompletableFuture<>(), 1);
    assertTrue(readers.isEmpty());
  }

  /** Whoever finds that it is over tells, once. */
  @Test
  void theEndIsToldByWhoReads() throws InterruptedException {
    last.set(true);
    Thread one = attender("one");
    awaitPoll("one");
    write();
    one.join();
    assertEquals("one", over.take());
    assertTrue(over.isEmpty());
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
