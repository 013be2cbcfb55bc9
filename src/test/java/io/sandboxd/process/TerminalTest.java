package io.sandboxd.process;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sandboxd.linux.EpollLoop;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Libc;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.process.OutputLog.Stream;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TerminalTest {
  private final Syscalls syscalls = new Libc();
  @TempDir Path directory;

  private Fd root(Path path) {
    return syscalls.open(path.toString(), Syscalls.O_PATH | Syscalls.O_DIRECTORY, 0);
  }

  private void refused(String errno) {
    try (Fd root = root(directory)) {
      SandboxException refused =
          assertThrows(SandboxException.class, () -> Terminal.open(syscalls, root, 0, 24, 80));
      assertEquals(ErrorCode.LAUNCH_FAILED, refused.code());
      assertEquals("tty", refused.fields().get("field"));
      assertEquals(errno, refused.fields().get("errnoName"));
    }
  }

  @Test
  void whereThereIsNoDevptsThereIsNone() {
    refused("ENOENT");
  }

  @Test
  void whatOnlyLooksLikeOneIsNotOpened() throws IOException {
    Path pts = Files.createDirectories(directory.resolve("dev/pts"));
    Files.writeString(pts.resolve("ptmx"), "");
    refused("ENODEV");
    // Within the sandbox's root there is nothing of that name.
    Files.delete(pts.resolve("ptmx"));
    Files.createSymbolicLink(pts.resolve("ptmx"), Path.of("/dev/ptmx"));
    refused("ENOENT");
  }

  @Test
  void whatIsWrittenToItIsLogged() throws IOException {
    Path devpts = Path.of("/dev/pts/ptmx");
    assumeTrue(Files.exists(devpts), "this host has no /dev/pts: skipped");
    assumeTrue(
        System.getProperty("user.name").equals("root"),
        "for others /dev/pts/ptmx is closed: skipped");
    EpollLoop loop = new EpollLoop(syscalls, "test");
    loop.start();
    OutputLog log = OutputLog.of(syscalls, directory, 1, Stream.STDOUT);
    try (Fd root = root(Path.of("/"))) {
      Terminal terminal = Terminal.open(syscalls, root, 0, 24, 80);
      TerminalLog copying = new TerminalLog(syscalls, loop, terminal.master(), log);
      syscalls.writeAll(terminal.slave(), "one\n".getBytes(StandardCharsets.UTF_8));
      await().until(() -> log.size() == 5);
      syscalls.writeAll(terminal.slave(), "two\n".getBytes(StandardCharsets.UTF_8));
      copying.finish();
      terminal.slave().close();
      assertEquals("one\r\ntwo\r\n", new String(log.read(0, 100), StandardCharsets.UTF_8));
      copying.resize(1, 1);
      copying.close();
    } finally {
      loop.close();
    }
  }
}
