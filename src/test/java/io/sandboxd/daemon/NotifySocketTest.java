package io.sandboxd.daemon;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NotifySocketTest {
  @Test
  void tellsInOneMessageOfSeveralLines(@TempDir Path directory) throws IOException {
    try (FakeServiceManager manager = FakeServiceManager.at(directory.resolve("notify"))) {
      NotifySocket notify = NotifySocket.in(Map.of("NOTIFY_SOCKET", manager.address()));
      notify.tell("READY=1", "STATUS=Grüß dich.");
      notify.tell("STOPPING=1");
      assertEquals("READY=1\nSTATUS=Grüß dich.", manager.next());
      assertEquals("STOPPING=1", manager.next());
    }
  }

  @Test
  void findsAbstractNames() throws IOException {
    String name = "sandboxd-test/" + ProcessHandle.current().pid();
    try (FakeServiceManager manager = FakeServiceManager.named(name)) {
      assertEquals("@" + name, manager.address());
      NotifySocket.in(Map.of("NOTIFY_SOCKET", manager.address())).tell("STOPPING=1");
      assertEquals("STOPPING=1", manager.next());
    }
  }

  @Test
  void nobodyToTellIsNoFailure(@TempDir Path directory) {
    assertDoesNotThrow(() -> NotifySocket.in(Map.of()).tell("READY=1"));
    String gone = directory.resolve("gone").toString();
    assertDoesNotThrow(() -> NotifySocket.in(Map.of("NOTIFY_SOCKET", gone)).tell("READY=1"));
    // vsock, of service managers outside a virtual machine
    assertDoesNotThrow(
        () -> NotifySocket.in(Map.of("NOTIFY_SOCKET", "vsock:2:99")).tell("READY=1"));
  }
}
