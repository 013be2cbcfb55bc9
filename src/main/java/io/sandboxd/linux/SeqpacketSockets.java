package io.sandboxd.linux;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import jnr.ffi.Pointer;

/**
 * unix(7) sockets of type SOCK_SEQPACKET, with descriptors and credentials as ancillary data
 * (cmsg(3)).
 */
final class SeqpacketSockets {
  private static final int AF_UNIX = 1;
  private static final int SOCK_SEQPACKET = 5;
  private static final int SOCK_CLOEXEC = 02000000;
  private static final int SOL_SOCKET = 1;
  private static final int SO_SNDBUF = 7;
  private static final int SO_PASSCRED = 16;
  private static final int SO_SNDTIMEO = 21;
  private static final int SO_SNDBUFFORCE = 32;
  private static final int SCM_RIGHTS = 1;
  private static final int SCM_CREDENTIALS = 2;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final int SUN_PATH_MAX = 107;
  private static final int BACKLOG = 4;
  private static final int SEND_TIMEOUT_SECONDS = 10;

  /** A datagram of 1 MiB must fit; the kernel counts its own overhead too. */
  private static final int SEND_BUFFER = 4 * 1024 * 1024;

  private static final int RECEIVE_SIZE = 4096;
  private static final int CONTROL_SIZE = 256;
  private static final int MSGHDR_SIZE = 56;
  private static final int CMSG_HEADER = 16;

  private final LibcFunctions c;
  private final Libc libc;

  SeqpacketSockets(LibcFunctions c, Libc libc) {
    this.c = c;
    this.libc = libc;
  }

  Fd listen(String path) {
    Fd socket = socket();
    try {
      byte[] address = address(path);
      libc.check(
          c.bind(socket.number(), libc.memory().bytes(address), address.length), "bind", path);
      libc.check(c.listen(socket.number(), BACKLOG), "listen", path);
      return socket;
    } catch (RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  Fd connect(String path) {
    Fd socket = socket();
    try {
      option(socket, SO_PASSCRED, 1);
      if (!tryOption(socket, SO_SNDBUFFORCE, SEND_BUFFER)) {
        option(socket, SO_SNDBUF, SEND_BUFFER);
      }
      Pointer timeval = libc.memory().take(16);
      timeval.putLong(0, SEND_TIMEOUT_SECONDS);
      libc.check(
          c.setsockopt(socket.number(), SOL_SOCKET, SO_SNDTIMEO, timeval, 16), "setsockopt", null);
      byte[] address = address(path);
      libc.check(
          c.connect(socket.number(), libc.memory().bytes(address), address.length),
          "connect",
          path);
      return socket;
    } catch (RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  private Fd socket() {
    return libc.checkFd(c.socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "socket", null);
  }

  private void option(Fd socket, int option, int value) {
    if (!tryOption(socket, option, value)) {
      throw new ErrnoException("setsockopt", null, libc.errno());
    }
  }

  private boolean tryOption(Fd socket, int option, int value) {
    Pointer pointer = libc.memory().take(4);
    pointer.putInt(0, value);
    return c.setsockopt(socket.number(), SOL_SOCKET, option, pointer, 4) == 0;
  }

  private static byte[] address(String path) {
    byte[] utf8 = path.getBytes(StandardCharsets.UTF_8);
    if (utf8.length > SUN_PATH_MAX) {
      throw new ErrnoException("bind", path, 36 /* ENAMETOOLONG */);
    }
    byte[] address = new byte[2 + utf8.length + 1];
    address[0] = AF_UNIX; // sun_family, in the byte order of both supported architectures
    System.arraycopy(utf8, 0, address, 2, utf8.length);
    return address;
  }

  void send(Fd socket, byte[] data, List<Fd> fds) {
    NativeMemory memory = libc.memory();
    Pointer header = header(memory, memory.bytes(data), data.length);
    if (!fds.isEmpty()) {
      int length = CMSG_HEADER + fds.size() * Integer.BYTES;
      Pointer control = memory.take(align(length));
      control.putLong(0, length);
      control.putInt(8, SOL_SOCKET);
      control.putInt(12, SCM_RIGHTS);
      for (int i = 0; i < fds.size(); i++) {
        control.putInt(CMSG_HEADER + (long) i * Integer.BYTES, fds.get(i).number());
      }
      header.putLong(32, control.address());
      header.putLong(40, align(length));
    }
    libc.check(c.sendmsg(socket.number(), header, MSG_NOSIGNAL), "sendmsg", null);
  }

  Syscalls.Message receive(Fd socket) {
    NativeMemory memory = libc.memory();
    Pointer data = memory.forReading(RECEIVE_SIZE);
    Pointer control = memory.take(CONTROL_SIZE);
    Pointer header = header(memory, data, RECEIVE_SIZE);
    header.putLong(32, control.address());
    header.putLong(40, CONTROL_SIZE);
    long count = c.recvmsg(socket.number(), header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (count < 0) {
      int errno = libc.errno();
      if (errno == Errno.EAGAIN || errno == Errno.EINTR) {
        return null;
      }
      throw new ErrnoException("recvmsg", null, errno);
    }
    byte[] bytes = new byte[(int) count];
    data.get(0, bytes, 0, bytes.length);
    List<Fd> fds = new ArrayList<>();
    int senderPid = 0;
    long end = header.getLong(40);
    for (long at = 0; at + CMSG_HEADER <= end; ) {
      long length = control.getLong(at);
      if (length < CMSG_HEADER || at + length > end) {
        break;
      }
      int type = control.getInt(at + 12);
      if (type == SCM_RIGHTS) {
        for (long i = CMSG_HEADER; i + Integer.BYTES <= length; i += Integer.BYTES) {
          fds.add(new Fd(control.getInt(at + i), libc));
        }
      } else if (type == SCM_CREDENTIALS) {
        senderPid = control.getInt(at + CMSG_HEADER);
      }
      at += align((int) length);
    }
    return new Syscalls.Message(bytes, fds, senderPid);
  }

  /** struct msghdr with one buffer; the control part is left empty. */
  private static Pointer header(NativeMemory memory, Pointer data, int length) {
    Pointer iovec = memory.take(16);
    iovec.putLong(0, data.address());
    iovec.putLong(8, length);
    Pointer header = memory.take(MSGHDR_SIZE);
    header.putLong(16, iovec.address());
    header.putLong(24, 1);
    return header;
  }

  private static int align(int length) {
    return (length + Long.BYTES - 1) / Long.BYTES * Long.BYTES;
  }
}
