package io.sandboxd.linux;

import jnr.ffi.Pointer;

/** Sockets of netlink(7). */
final class NetlinkSockets {
  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW = 3;
  private static final int SOCK_CLOEXEC = 02000000;
  private static final int NETLINK_ROUTE = 0;
  private static final int SOL_NETLINK = 270;
  private static final int NETLINK_CAP_ACK = 10;
  private static final int NETLINK_EXT_ACK = 11;
  private static final int CLONE_NEWNET = 0x40000000;

  private final Libc libc;

  NetlinkSockets(Libc libc) {
    this.libc = libc;
  }

  /** A socket belongs to the namespace in which it was made, whoever has it. */
  Fd open(Fd namespace) {
    return namespace == null ? open() : within(namespace);
  }

  /** By a thread that ends with it: none that does other work is ever in a strange namespace. */
  private Fd within(Fd namespace) {
    Entering entering = new Entering(namespace);
    Thread thread = new Thread(entering, "netns");
    thread.start();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (entering.failure != null) {
      throw entering.failure;
    }
    return entering.socket;
  }

  private final class Entering implements Runnable {
    private final Fd namespace;
    private Fd socket;
    private ErrnoException failure;

    Entering(Fd namespace) {
      this.namespace = namespace;
    }

    @Override
    public void run() {
      try {
        libc.check(libc.c.setns(namespace.number(), CLONE_NEWNET), "setns", null);
        socket = open();
      } catch (ErrnoException e) {
        failure = e;
      }
    }
  }

  private Fd open() {
    Fd socket =
        libc.checkFd(
            libc.c.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "socket", null);
    // The kernel's words for a failure; it goes without.
    option(socket, NETLINK_EXT_ACK);
    option(socket, NETLINK_CAP_ACK);
    return socket;
  }

  private void option(Fd socket, int option) {
    Pointer on = libc.memory().take(Integer.BYTES);
    on.putInt(0, 1);
    libc.c.setsockopt(socket.number(), SOL_NETLINK, option, on, Integer.BYTES);
  }
}
