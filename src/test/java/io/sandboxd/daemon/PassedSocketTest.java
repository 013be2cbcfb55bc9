package io.sandboxd.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sandboxd.linux.FakeSyscalls;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PassedSocketTest {
  private static final long SELF = 77;
  private static final int AF_UNIX = 1;
  private static final int AF_INET = 2;

  @Test
  void countsFromThree() {
    assertEquals(
        List.of(new PassedSocket(3, "api"), new PassedSocket(4, "other")),
        PassedSocket.in(environment("77", "2", "api:other"), SELF));
  }

  @Test
  void namesMayBeMissing() {
    assertEquals(
        List.of(new PassedSocket(3, "unknown")),
        PassedSocket.in(Map.of("LISTEN_PID", "77", "LISTEN_FDS", "1"), SELF));
    assertEquals(
        List.of(new PassedSocket(3, "unknown"), new PassedSocket(4, "b")),
        PassedSocket.in(environment("77", "2", ":b"), SELF));
  }

  @Test
  void whatIsMeantForAnotherProcessIsLeftAlone() {
    assertEquals(List.of(), PassedSocket.in(Map.of(), SELF));
    assertEquals(List.of(), PassedSocket.in(environment("78", "1", "api"), SELF));
    assertEquals(List.of(), PassedSocket.in(Map.of("LISTEN_FDS", "1"), SELF));
    assertEquals(List.of(), PassedSocket.in(environment("77", "0", ""), SELF));
  }

  @Test
  void noNumberIsRefused() {
    for (String count : List.of("", "-1", "one", "99999")) {
      StartException refused =
          assertThrows(
              StartException.class,
              () -> PassedSocket.in(environment("77", count, "api"), SELF),
              count);
      assertEquals(StartException.CONFIGURATION, refused.exitCode());
    }
  }

  @Test
  void isTakenOverWithoutBlockingAndWithoutHeirs() {
    PassedDescriptor kernel = new PassedDescriptor(AF_UNIX, 1, 1);
    Fd own = new PassedSocket(3, "api").adopt(kernel);
    assertEquals(List.of("close on exec: copy of 3", "not blocking: " + own.number()), kernel.done);
    assertEquals(List.of(3), kernel.closed);
  }

  @Test
  void whatIsNoListeningUnixSocketIsRefused() {
    for (PassedDescriptor wrong :
        List.of(
            new PassedDescriptor(AF_INET, 1, 1),
            new PassedDescriptor(AF_UNIX, 2, 1),
            new PassedDescriptor(AF_UNIX, 1, 0))) {
      StartException refused =
          assertThrows(StartException.class, () -> new PassedSocket(3, "api").adopt(wrong));
      assertEquals(
          "Descriptor 3 (api) is no Unix stream socket that listens.", refused.getMessage());
      assertEquals(StartException.CONFIGURATION, refused.exitCode());
    }
  }

  private static Map<String, String> environment(String pid, String count, String names) {
    return Map.of("LISTEN_PID", pid, "LISTEN_FDS", count, "LISTEN_FDNAMES", names);
  }

  /** Says of descriptor 3 what socket(7) says of it. */
  private static final class PassedDescriptor extends FakeSyscalls {
    private final Map<Integer, Integer> options = new HashMap<>();
    private final List<String> done = new ArrayList<>();

    PassedDescriptor(int domain, int type, int listening) {
      options.put(Syscalls.SO_DOMAIN, domain);
      options.put(Syscalls.SO_TYPE, type);
      options.put(Syscalls.SO_ACCEPTCONN, listening);
    }

    @Override
    public int socketOption(Fd socket, int option) {
      return options.get(option);
    }

    @Override
    public Fd duplicate(Fd fd) {
      done.add("close on exec: copy of " + fd.number());
      return fd();
    }

    @Override
    public void setNonBlocking(Fd fd) {
      done.add("not blocking: " + fd.number());
    }
  }
}
