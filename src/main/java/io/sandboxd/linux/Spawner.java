package io.sandboxd.linux;

import java.nio.charset.StandardCharsets;
import java.util.List;
import jnr.ffi.Pointer;

/** posix_spawn(3) of an open file, in a child that has nothing of the JVM but one descriptor. */
final class Spawner {
  // Larger than the C library's opaque structures are on any architecture (80 and 336 bytes).
  private static final int OPAQUE = 512;
  private static final int SIGSET = 128;
  private static final short POSIX_SPAWN_SETSIGMASK = 8;

  private final LibcFunctions c;
  private final long daemonPid = ProcessHandle.current().pid();

  Spawner(LibcFunctions c) {
    this.c = c;
  }

  int spawn(NativeMemory memory, Fd executable, List<String> argv, Fd fd3) {
    // Not /proc/self: the child's own table changes while the actions below are carried out.
    String path = "/proc/" + daemonPid + "/fd/" + executable.number();
    Pointer actions = memory.take(OPAQUE);
    Pointer attributes = memory.take(OPAQUE);
    c.posix_spawn_file_actions_init(actions);
    c.posix_spawnattr_init(attributes);
    try {
      for (int fd = 0; fd <= 2; fd++) {
        c.posix_spawn_file_actions_addopen(actions, fd, "/dev/null", Syscalls.O_RDWR, 0);
      }
      c.posix_spawn_file_actions_adddup2(actions, fd3.number(), 3);
      c.posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK);
      c.posix_spawnattr_setsigmask(attributes, memory.take(SIGSET));
      Pointer pid = memory.take(4);
      int error =
          c.posix_spawn(
              pid, path, actions, attributes, strings(memory, argv), strings(memory, List.of()));
      if (error != 0) {
        throw new ErrnoException("posix_spawn", null, error);
      }
      return pid.getInt(0);
    } finally {
      c.posix_spawn_file_actions_destroy(actions);
      c.posix_spawnattr_destroy(attributes);
    }
  }

  private static Pointer strings(NativeMemory memory, List<String> strings) {
    Pointer array = memory.take((strings.size() + 1) * Long.BYTES);
    for (int i = 0; i < strings.size(); i++) {
      byte[] utf8 = (strings.get(i) + "\0").getBytes(StandardCharsets.UTF_8);
      array.putLong((long) i * Long.BYTES, memory.bytes(utf8).address());
    }
    return array;
  }
}
