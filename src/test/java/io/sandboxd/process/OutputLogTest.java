package io.sandboxd.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Libc;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.process.OutputLog.Extent;
import io.sandboxd.process.OutputLog.Stream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a real file: what holes do, only the kernel knows. */
class OutputLogTest {
  private static final int KIB = 1024;
  private static final int MIB = 1024 * KIB;

  private final Syscalls syscalls = new Libc();
  @TempDir Path directory;
  private OutputLog log;
  private Path file;

  @BeforeEach
  void make() {
    log = OutputLog.of(syscalls, directory, 7, Stream.STDOUT);
    file = directory.resolve("7.stdout");
  }

  private void write(byte[] bytes) {
    try (Fd fd = log.append()) {
      syscalls.writeAll(fd, bytes);
    }
  }

  /** Each eight bytes say where they are. */
  private static byte[] numbered(int length) {
    StringBuilder text = new StringBuilder();
    for (int at = 0; at < length; at += 8) {
      text.append("%07d\n".formatted(at / 8));
    }
    return text.toString().getBytes(UTF_8);
  }

  private long stored() {
    return syscalls.state(file.toString()).allocated();
  }

  @Test
  void whatIsNotThereIsEmpty() {
    assertEquals(0, log.size());
    assertEquals(0, log.read(0, 10).length);
    assertEquals(new Extent(5, 5), log.from(5));
    log.trim(64 * KIB, 0);
    assertTrue(Files.notExists(file));
  }

  @Test
  void isReadFromAnyOffset() {
    write("0123456789".getBytes(UTF_8));
    write("abc".getBytes(UTF_8));
    assertEquals(13, log.size());
    assertEquals(new Extent(0, 13), log.from(0));
    assertEquals("9abc", new String(log.read(9, 100), UTF_8));
    assertEquals("01", new String(log.read(0, 2), UTF_8));
    assertEquals(0, log.read(13, 100).length);
    assertEquals(0, log.read(99, 100).length);
    assertEquals(new Extent(99, 99), log.from(99));
  }

  @Test
  void isMadeOnceForItsUserAlone() throws IOException {
    int uid = (Integer) Files.getAttribute(directory, "unix:uid");
    int gid = (Integer) Files.getAttribute(directory, "unix:gid");
    try (Fd fd = log.create(uid, gid)) {
      syscalls.writeAll(fd, new byte[] {'x'});
    }
    assertEquals(0600, (Integer) Files.getAttribute(file, "unix:mode") & 0777);
    assertThrows(ErrnoException.class, () -> log.create(uid, gid));
    assertEquals(1, log.size());
  }

  @Test
  void doesNotFollowALink() throws IOException {
    Path elsewhere = Files.writeString(directory.resolve("secret"), "secret");
    Files.createSymbolicLink(file, elsewhere);
    assertThrows(ErrnoException.class, () -> log.read(0, 10));
    assertThrows(ErrnoException.class, () -> log.append());
    assertEquals("secret", Files.readString(elsewhere));
  }

  @Test
  void keepsTheEndWhereItWas() {
    byte[] all = numbered(4 * MIB);
    write(all);
    log.trim(256 * KIB, 0);
    assertEquals(4 * MIB, log.size());
    assertTrue(stored() <= 256 * KIB + 64 * KIB + 64 * KIB, "stored: " + stored());
    byte[] end = java.util.Arrays.copyOfRange(all, 4 * MIB - 256 * KIB, 4 * MIB);
    assertArrayEquals(end, log.read(4 * MIB - 256 * KIB, MIB));
    assertNull(log.read(0, 10), "what is forgotten is not read as zeros");
    Extent first = log.from(0);
    assertEquals(4 * MIB, first.end());
    assertEquals(
        "%07d".formatted(first.start() / 8), new String(log.read(first.start(), 7), UTF_8));
  }

  @Test
  void keepsTheBeginningIfItShall() {
    byte[] all = numbered(2 * MIB);
    write(all);
    log.trim(64 * KIB, 100_000);
    byte[] head = java.util.Arrays.copyOf(all, 100_000);
    assertArrayEquals(head, log.read(0, 100_000));
    Extent first = log.from(0);
    assertTrue(first.start() == 0 && first.end() >= 100_000 && first.end() < 300_000);
    assertTrue(log.from(first.end()).start() > MIB);
    assertEquals(first.end(), log.read(0, MIB).length, "no further than the gap");
  }

  @Test
  void littleIsLeftAlone() {
    write(numbered(128 * KIB));
    log.trim(64 * KIB, 0);
    assertEquals(new Extent(0, 128 * KIB), log.from(0));
  }

  @Test
  void whatIsWrittenBehindAHoleIsBounded() throws IOException {
    try (RandomAccessFile bad = new RandomAccessFile(file.toFile(), "rw")) {
      bad.setLength(1L << 40);
      for (int i = 0; i < 8; i++) {
        bad.seek((long) i << 30);
        bad.write(new byte[MIB]);
      }
    }
    log.trim(64 * KIB, 64 * KIB);
    assertTrue(stored() <= 256 * KIB, "stored: " + stored());
    assertEquals(1L << 40, log.size());
  }

  @Test
  void whatIsStoredBeyondTheEndIsTakenAway() throws Exception {
    write("short".getBytes(UTF_8));
    for (String far : new String[] {"0", "1G"}) {
      Process process =
          new ProcessBuilder("fallocate", "-n", "-o", far, "-l", "40M", file.toString()).start();
      assertEquals(0, process.waitFor());
      assertTrue(stored() >= 40 * MIB);
      log.trim(64 * KIB, 0);
      assertTrue(stored() <= MIB, "stored: " + stored());
      assertEquals("short", new String(log.read(0, 10), UTF_8));
    }
  }

  @Test
  void itsNameTellsWhose() {
    assertEquals(Optional.of(7), OutputLog.seqOf("7.stdout"));
    assertEquals(Optional.of(123456789), OutputLog.seqOf("123456789.stderr"));
    for (String other :
        new String[] {"", ".stdout", "x.stdout", "7", "1234567890.stdout", "-1.stdout"}) {
      assertEquals(Optional.empty(), OutputLog.seqOf(other), other);
    }
  }
}
