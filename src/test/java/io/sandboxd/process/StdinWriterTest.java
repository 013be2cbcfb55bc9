package io.sandboxd.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.linux.EpollLoop;
import io.sandboxd.linux.Libc;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.linux.Syscalls.Pipe;
import io.sandboxd.process.StdinWriter.Feed;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StdinWriterTest {
  private final Syscalls syscalls = new Libc();
  private final EpollLoop loop = new EpollLoop(syscalls, "test");
  private final AtomicInteger timesClosed = new AtomicInteger();
  @TempDir Path directory;
  private Pipe ends;
  private StdinWriter stdin;

  @BeforeEach
  void start() {
    loop.start();
    ends = syscalls.pipe();
    stdin = writer();
  }

  @AfterEach
  void stop() {
    stdin.processEnded();
    ends.read().close();
    loop.close();
  }

  private StdinWriter writer() {
    if (ends.write().isOpen()) {
      syscalls.setNonBlocking(ends.write());
    }
    StdinRecord record = new StdinRecord(directory.resolve("stdin"));
    return new StdinWriter(
        syscalls, loop, ends.write(), false, record, timesClosed::incrementAndGet);
  }

  private static Feed anywhere(StdinWriter stdin) {
    Long offset = null;
    return stdin.feed(offset);
  }

  private CompletableFuture<SandboxException> write(Feed feed, String text, boolean close) {
    CompletableFuture<SandboxException> done = new CompletableFuture<>();
    stdin.write(feed, text.getBytes(UTF_8), close, done::complete);
    return done;
  }

  private void succeeds(Feed feed, String text, boolean close) {
    assertEquals(null, write(feed, text, close).join());
  }

  private SandboxException fails(Feed feed, String text) {
    return write(feed, text, false).join();
  }

  private String taken() {
    syscalls.setNonBlocking(ends.read());
    ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
    while (syscalls.tryRead(ends.read(), buffer) > 0) {
      continue;
    }
    return new String(buffer.array(), 0, buffer.position(), UTF_8);
  }

  @Test
  void goesBehindWhatIsThere() {
    succeeds(anywhere(stdin), "one", false);
    succeeds(anywhere(stdin), "two", false);
    assertEquals("onetwo", taken());
    assertEquals(6, stdin.count());
  }

  @Test
  void passesOverWhatItWasGivenBefore() {
    succeeds(stdin.feed(0L), "abc", false);
    succeeds(stdin.feed(0L), "abc", false);
    Feed again = stdin.feed(1L);
    succeeds(again, "b", false);
    succeeds(again, "cd", false);
    succeeds(again, "e", false);
    assertEquals("abcde", taken());
    SandboxException gap = fails(stdin.feed(6L), "x");
    assertEquals(ErrorCode.RANGE_NOT_SATISFIABLE, gap.code());
    assertEquals(5L, gap.fields().get("size"));
  }

  @Test
  void afterItsEndOnlyARepetitionIsTaken() {
    succeeds(stdin.feed(0L), "all", true);
    assertEquals(1, timesClosed.get());
    assertEquals("all", taken());
    succeeds(stdin.feed(0L), "all", true);
    assertEquals(ErrorCode.WRONG_STATE, fails(anywhere(stdin), "more").code());
    assertEquals(ErrorCode.WRONG_STATE, fails(stdin.feed(3L), "more").code());
    assertEquals(1, timesClosed.get());
  }

  @Test
  void waitsForAProcessThatDoesNotRead() {
    CompletableFuture<SandboxException> much = write(anywhere(stdin), "x".repeat(200_000), false);
    CompletableFuture<SandboxException> next = write(anywhere(stdin), "y", false);
    assertFalse(much.isDone());
    StringBuilder all = new StringBuilder();
    await().until(() -> all.append(taken()).length() == 200_001);
    assertEquals(null, much.join());
    assertEquals(null, next.join());
    assertEquals('y', all.charAt(200_000));
  }

  @Test
  void whoGoesAwayMakesRoomForTheNext() {
    Feed gone = anywhere(stdin);
    CompletableFuture<SandboxException> dropped = write(gone, "x".repeat(200_000), false);
    CompletableFuture<SandboxException> next = write(anywhere(stdin), "y", false);
    stdin.cancel(gone);
    StringBuilder all = new StringBuilder();
    await().until(() -> all.append(taken()).toString().endsWith("y"));
    next.join();
    assertFalse(dropped.isDone());
    assertEquals(stdin.count(), all.length(), "what was taken of it counts");
  }

  @Test
  void whatAnEndedProcessDidNotReadIsNoFailure() {
    CompletableFuture<SandboxException> much = write(stdin.feed(0L), "x".repeat(200_000), false);
    stdin.processEnded();
    assertEquals(null, much.join());
    succeeds(stdin.feed(200_000L), "and more", true);
  }

  @Test
  void whatAProcessThatClosedItsStdinMissesCountsAsGiven() {
    ends.read().close();
    succeeds(stdin.feed(0L), "abc", false);
    assertEquals(3, stdin.count());
    succeeds(stdin.feed(3L), "def", false);
    assertEquals(6, stdin.count());
  }

  @Test
  void theNextDaemonKnowsWhereItStands() {
    succeeds(anywhere(stdin), "abc", false);
    stdin = writer();
    assertEquals(3, stdin.count());
    succeeds(stdin.feed(2L), "cd", true);
    assertEquals("abcd", taken());
    StdinWriter third = writer();
    assertEquals(4, third.count());
    CompletableFuture<SandboxException> refused = new CompletableFuture<>();
    third.write(anywhere(third), new byte[1], false, refused::complete);
    assertEquals(ErrorCode.WRONG_STATE, refused.join().code());
    assertTrue(timesClosed.get() >= 2, "init is told again");
  }
}
