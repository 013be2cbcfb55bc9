package io.sandboxd.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The binding to the C library, as far as it needs no root. */
class LibcTest {
  private final Syscalls libc = new Libc();

  @Test
  void refusalsCarryErrno() {
    ErrnoException refused =
        assertThrows(
            ErrnoException.class, () -> libc.open("/nowhere/at/all", Syscalls.O_RDONLY, 0));
    assertEquals("open", refused.syscall());
    assertEquals("/nowhere/at/all", refused.path());
    assertEquals("ENOENT", refused.errnoName());
  }

  @Test
  void aSealedMemfdCannotBeChanged() throws IOException {
    try (Fd fd = libc.sealedMemfd("test", "content".getBytes(StandardCharsets.UTF_8))) {
      assertEquals("content", Files.readString(Path.of(fd.procPath())));
      ErrnoException refused =
          assertThrows(ErrnoException.class, () -> libc.writeAll(fd, new byte[1]));
      assertEquals(Errno.EPERM, refused.errno());
    }
  }

  @Test
  void socketsSayWhatTheyAre(@TempDir Path directory) {
    try (Fd socket = libc.listenSeqpacket(directory.resolve("socket").toString())) {
      assertEquals(1, libc.socketOption(socket, Syscalls.SO_DOMAIN), "AF_UNIX");
      assertEquals(5, libc.socketOption(socket, Syscalls.SO_TYPE), "SOCK_SEQPACKET");
      assertEquals(1, libc.socketOption(socket, Syscalls.SO_ACCEPTCONN), "it listens");
    }
    try (Fd file = libc.sealedMemfd("test", new byte[1])) {
      ErrnoException refused =
          assertThrows(ErrnoException.class, () -> libc.socketOption(file, Syscalls.SO_ACCEPTCONN));
      assertEquals(88, refused.errno(), "ENOTSOCK");
    }
  }

  @Test
  void resolvesInsideARoot(@TempDir Path root) throws IOException {
    Files.writeString(root.resolve("hostname"), "inside");
    Files.createSymbolicLink(root.resolve("link"), Path.of("/hostname"));
    Files.createSymbolicLink(root.resolve("up"), Path.of("../../../../hostname"));
    try (Fd dir = libc.open(root.toString(), Syscalls.O_PATH | Syscalls.O_DIRECTORY, 0)) {
      for (String path : List.of("link", "up", "/hostname", "../hostname")) {
        try (Fd file = libc.openat2(dir, path, Syscalls.O_RDONLY, Syscalls.RESOLVE_IN_ROOT)) {
          ByteBuffer into = ByteBuffer.allocate(100);
          assertEquals(6, libc.read(file, into), path);
          assertEquals(0, libc.read(file, into), "the end");
        }
      }
      int within = Syscalls.RESOLVE_IN_ROOT;
      assertNull(libc.tryOpenat2(dir, "nowhere", Syscalls.O_RDONLY, within));
      libc.tryOpenat2(dir, "link", Syscalls.O_RDONLY, within).close();
      assertThrows(
          ErrnoException.class,
          () -> libc.tryOpenat2(dir, "hostname/below", Syscalls.O_RDONLY, within));
    }
  }

  @Test
  void datagramsCarryBytesDescriptorsAndTheSender(@TempDir Path directory) throws IOException {
    String path = directory.resolve("s").toString();
    Path file = Files.writeString(directory.resolve("f"), "sent");
    try (Fd listener = libc.listenSeqpacket(path);
        Fd client = libc.connectSeqpacket(path)) {
      assertNull(libc.receive(client), "nothing there yet");
      // Large ones must fit; they wait in the backlog until somebody accepts.
      byte[] large = new byte[1 << 20];
      try (Fd content = libc.open(file.toString(), Syscalls.O_RDONLY, 0)) {
        libc.send(client, large, List.of(content));
      }
      assertTrue(listener.isOpen());
    }
    assertFalse(Files.notExists(file));
  }

  @Test
  void pidfdsOutliveNoProcess() throws Exception {
    Process process = new ProcessBuilder("sleep", "1000").start();
    try (Fd pidfd = libc.pidfdOpen((int) process.pid())) {
      assertFalse(libc.poll(pidfd, Syscalls.EPOLLIN, 0));
      assertTrue(libc.pidfdSendSignal(pidfd, 9));
      assertTrue(libc.poll(pidfd, Syscalls.EPOLLIN, 10_000));
      assertEquals(137, process.waitFor());
      assertFalse(libc.pidfdSendSignal(pidfd, 9), "gone");
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void knowsNamespacesFromOtherFiles() {
    try (Fd namespace = libc.open("/proc/self/ns/net", Syscalls.O_RDONLY, 0);
        Fd other = libc.open("/dev/null", Syscalls.O_RDONLY, 0)) {
      assertEquals(0x40000000, libc.namespaceType(namespace));
      assertThrows(ErrnoException.class, () -> libc.namespaceType(other));
    }
  }

  @Test
  void largeArgumentsGetMemoryOfTheirOwn(@TempDir Path directory) throws IOException {
    byte[] content = new byte[300_000];
    java.util.Arrays.fill(content, (byte) 7);
    Path file = directory.resolve("large");
    try (Fd fd = libc.open(file.toString(), Syscalls.O_WRONLY | Syscalls.O_CREAT, 0600)) {
      libc.writeAll(fd, content);
    }
    assertArrayEquals(content, Files.readAllBytes(file));
  }

  @Test
  void closingTwiceClosesOnce() {
    FakeSyscalls fake = new FakeSyscalls();
    Fd fd = fake.fd();
    fd.close();
    fd.close();
    assertEquals(1, fake.closed.size());
    assertThrows(IllegalStateException.class, fd::number);
  }
}
