package io.sandboxd.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class PlainFileTest {
  private static final byte[] CONTENT = {1, 2, 3};

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void name() {
    file = directory.resolve("file");
  }

  private String refusal() {
    return assertThrows(IOException.class, () -> PlainFile.read(file, 3)).getMessage();
  }

  private void makeFifo() throws Exception {
    assertEquals(0, new ProcessBuilder("mkfifo", file.toString()).start().waitFor());
  }

  @Test
  void isReadUpToItsLimit() throws IOException {
    Files.write(file, CONTENT);
    assertArrayEquals(CONTENT, PlainFile.read(file, 3));
    assertThrows(IOException.class, () -> PlainFile.read(file, 2));
  }

  @Test
  void whatIsNotThereIsToldFromTheRest() {
    assertThrows(NoSuchFileException.class, () -> PlainFile.read(file, 3));
  }

  @Test
  void noPipeIsWaitedFor() throws Exception {
    makeFifo();
    assertTrue(refusal().contains("no regular file"));
  }

  @Test
  void noLinkIsFollowed() throws IOException {
    Files.createSymbolicLink(file, Files.write(directory.resolve("other"), CONTENT));
    assertTrue(refusal().contains("no regular file"));
  }

  @Test
  void nothingHugeIsTakenIn() throws IOException {
    try (RandomAccessFile huge = new RandomAccessFile(file.toFile(), "rw")) {
      huge.setLength(1L << 40);
    }
    assertTrue(refusal().contains("longer than"));
  }

  @Test
  void whatIsInTheWayOfANewOneGoes() throws Exception {
    Path victim = Files.writeString(directory.resolve("victim"), "mine");
    Files.createSymbolicLink(file, victim);
    PlainFile.writeNew(file, CONTENT);
    assertEquals("mine", Files.readString(victim));
    assertTrue(Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS));
    Files.delete(file);
    makeFifo();
    PlainFile.writeNew(file, CONTENT);
    assertArrayEquals(CONTENT, PlainFile.read(file, 3));
  }
}
