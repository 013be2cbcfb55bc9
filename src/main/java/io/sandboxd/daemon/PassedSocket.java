package io.sandboxd.daemon;

import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A listening socket that a service manager has opened and passed on (sd_listen_fds(3)). Its file,
 * mode and group are the service manager's business, and so is its end: whoever connects while no
 * daemon runs waits for the next one.
 *
 * @param number of the descriptor
 * @param name that the service manager gave it, for people
 */
record PassedSocket(int number, String name) {
  private static final int FIRST = 3;

  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;

  /**
   * @param environment LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES
   * @param pid this process's; what is meant for another is left alone
   * @return none, mostly
   * @throws StartException when the number of sockets is no number
   */
  static List<PassedSocket> in(Map<String, String> environment, long pid) {
    if (!Long.toString(pid).equals(environment.get("LISTEN_PID"))) {
      return List.of();
    }
    String count = environment.getOrDefault("LISTEN_FDS", "");
    if (!count.matches("[0-9]{1,4}")) {
      throw StartException.configuration("LISTEN_FDS is no number of sockets: '" + count + "'.");
    }
    List<String> names = List.of(environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1));
    List<PassedSocket> sockets = new ArrayList<>();
    for (int i = 0; i < Integer.parseInt(count); i++) {
      String name = i < names.size() && !names.get(i).isEmpty() ? names.get(i) : "unknown";
      sockets.add(new PassedSocket(FIRST + i, name));
    }
    return List.copyOf(sockets);
  }

  /**
   * The same socket as this daemon's own: programs it starts do not inherit it, and accept(2) does
   * not block.
   *
   * @throws StartException when it is no listening Unix socket: over a network nobody would be
   *     asked who they are
   */
  Fd adopt(Syscalls syscalls) {
    Fd passed = new Fd(number, syscalls);
    if (!isListening(passed, syscalls)) {
      throw StartException.configuration(
          "Descriptor " + number + " (" + name + ") is no Unix stream socket that listens.");
    }
    Fd own = syscalls.duplicate(passed);
    passed.close();
    syscalls.setNonBlocking(own);
    return own;
  }

  private static boolean isListening(Fd socket, Syscalls syscalls) {
    try {
      return syscalls.socketOption(socket, Syscalls.SO_DOMAIN) == AF_UNIX
          && syscalls.socketOption(socket, Syscalls.SO_TYPE) == SOCK_STREAM
          && syscalls.socketOption(socket, Syscalls.SO_ACCEPTCONN) == 1;
    } catch (ErrnoException e) {
      // EBADF, ENOTSOCK
      return false;
    }
  }
}
