package io.sandboxd.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Libc;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.process.OutputLog.Stream;
import io.sandboxd.process.OutputReader.Bytes;
import io.sandboxd.process.OutputReader.Part;
import io.sandboxd.process.OutputReader.Pause;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A way through one log, and through two. */
class OutputReadersTest {
  private final Syscalls syscalls = new Libc();
  @TempDir Path directory;

  private OutputLog log(Stream stream, String content) {
    OutputLog log = OutputLog.of(syscalls, directory, 1, stream);
    try (Fd fd = log.append()) {
      syscalls.writeAll(fd, content.getBytes(UTF_8));
    }
    return log;
  }

  private static String text(Part part) {
    return part instanceof Bytes some ? new String(some.bytes(), UTF_8) : part.toString();
  }

  @Test
  void aReaderGoesToItsEnd() {
    OutputReader reader = new LogReader(log(Stream.STDOUT, "0123456789"), 2, 5, () -> false);
    assertEquals(2, reader.offset());
    assertEquals("234", text(reader.next()));
    assertEquals(5, reader.offset());
    assertEquals(Pause.END, reader.next());
  }

  @Test
  void aFollowerGoesOnUntilAllIsWritten() {
    AtomicBoolean over = new AtomicBoolean();
    OutputLog log = log(Stream.STDOUT, "a");
    OutputReader reader = new LogReader(log, 0, Long.MAX_VALUE, over::get);
    assertEquals("a", text(reader.next()));
    assertEquals(Pause.NOTHING_YET, reader.next());
    log(Stream.STDOUT, "b");
    over.set(true);
    assertEquals("b", text(reader.next()), "what was written last comes before the end");
    assertEquals(Pause.END, reader.next());
    assertEquals(2, reader.offset());
  }

  @Test
  void aGapIsTold() {
    OutputLog log = log(Stream.STDOUT, "x".repeat(1 << 20));
    OutputReader late = new LogReader(log, 0, Long.MAX_VALUE, () -> true);
    log.trim(64 << 10, 0);
    assertEquals(Pause.GAP, late.next());
    assertEquals(Pause.GAP, late.next());
    assertEquals(0, late.offset());
  }

  @Test
  void aLogThatItsProcessCutOffHasAnEnd() throws Exception {
    OutputLog log = log(Stream.STDOUT, "long enough");
    OutputReader reader = new LogReader(log, 0, 11, () -> true);
    try (var file = new java.io.RandomAccessFile(directory.resolve("1.stdout").toFile(), "rw")) {
      file.setLength(4);
    }
    assertEquals("long", text(reader.next()));
    assertEquals(Pause.END, reader.next());
  }

  @Test
  void twoAreOverWhenBothAre() {
    assertEquals(
        "[a, b, NOTHING_YET, c, END]", both(List.of("a", Pause.NOTHING_YET, "c"), List.of("b")));
    assertEquals("[END]", both(List.of(), List.of()));
    assertEquals("[e, END]", both(List.of(), List.of("e")));
    assertEquals("[a, GAP]", both(List.of("a", Pause.GAP), List.of("b")).replace(", b", ""));
  }

  /** One that never pauses must not keep the other from being read. */
  @Test
  void neitherIsStarved() {
    OutputReader flood = new Scripted(new ArrayDeque<>(java.util.Collections.nCopies(1000, "y")));
    OutputReader both = new BothReader(flood, new Scripted(new ArrayDeque<>(List.of("error"))));
    boolean heard = false;
    for (int i = 0; i < 10; i++) {
      heard |= text(both.next()).equals("error");
    }
    assertTrue(heard);
  }

  private static String both(List<Object> out, List<Object> err) {
    OutputReader reader =
        new BothReader(new Scripted(new ArrayDeque<>(out)), new Scripted(new ArrayDeque<>(err)));
    String[] seen = new String[0];
    for (Part part = null; part != Pause.END && part != Pause.GAP; ) {
      part = reader.next();
      seen = Arrays.copyOf(seen, seen.length + 1);
      seen[seen.length - 1] = text(part);
    }
    return Arrays.toString(seen);
  }

  /** Gives what it is told to, and then the end. */
  private record Scripted(Deque<Object> parts) implements OutputReader {
    @Override
    public Part next() {
      Object next = parts.isEmpty() ? Pause.END : parts.poll();
      return next instanceof String text ? new Bytes(text.getBytes(UTF_8)) : (Pause) next;
    }

    @Override
    public long offset() {
      return 0;
    }

    @Override
    public void close() {
      parts.clear();
    }
  }
}
