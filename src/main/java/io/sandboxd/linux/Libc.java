package io.sandboxd.linux;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import jnr.ffi.Pointer;

/** The system calls for real, through the C library. Safe for use by many threads. */
public final class Libc extends FileCalls {
  private static final int SOL_SOCKET = 1;
  private static final int SO_PEERGROUPS = 59;
  private static final int SO_PEERPIDFD = 77;
  private static final int USUAL_GROUPS = 64;

  /** In struct group, behind two pointers. */
  private static final int GR_GID = 16;

  private static final int P_PID = 1;
  private static final int P_PIDFD = 3;
  private static final int SIGKILL = 9;
  private static final int WNOHANG = 1;
  private static final int WEXITED = 4;
  private static final int EPOLL_CTL_ADD = 1;
  private static final int EPOLL_CTL_DEL = 2;
  private static final int EPOLL_BATCH = 64;
  private static final long NS_GET_NSTYPE = 0xb703;
  private static final int OPEN_TREE_CLOEXEC = O_CLOEXEC;

  private static final int SYS_PIDFD_SEND_SIGNAL = 424;
  private static final int SYS_OPEN_TREE = 428;
  private static final int SYS_PIDFD_OPEN = 434;
  private static final int SYS_MOUNT_SETATTR = 442;

  private final SeqpacketSockets sockets = new SeqpacketSockets(c, this);
  private final Spawner spawner = new Spawner(c);
  private final BpfCalls bpf = new BpfCalls(this);
  private final NetlinkSockets netlink = new NetlinkSockets(this);

  @Override
  public int socketOption(Fd socket, int option) {
    NativeMemory memory = memory();
    Pointer value = memory.take(Integer.BYTES);
    Pointer length = memory.take(Integer.BYTES);
    length.putInt(0, Integer.BYTES);
    check(c.getsockopt(socket.number(), SOL_SOCKET, option, value, length), "getsockopt", null);
    return value.getInt(0);
  }

  @Override
  public Set<Long> peerGroups(Fd socket) {
    for (int room = USUAL_GROUPS; ; ) {
      NativeMemory memory = memory();
      Pointer groups = memory.take(room * Integer.BYTES);
      Pointer length = memory.take(Integer.BYTES);
      length.putInt(0, room * Integer.BYTES);
      int result = c.getsockopt(socket.number(), SOL_SOCKET, SO_PEERGROUPS, groups, length);
      int count = length.getInt(0) / Integer.BYTES;
      if (result < 0 && errno() == Errno.ERANGE && count > room) {
        room = count; // the kernel says how much it takes
        continue;
      }
      check(result, "getsockopt", null);
      Set<Long> found = new HashSet<>();
      for (int i = 0; i < count; i++) {
        found.add(Integer.toUnsignedLong(groups.getInt((long) i * Integer.BYTES)));
      }
      return found;
    }
  }

  @Override
  public Fd peerPidfd(Fd socket) {
    try {
      return new Fd(socketOption(socket, SO_PEERPIDFD), this);
    } catch (ErrnoException e) {
      return null;
    }
  }

  @Override
  public Long groupId(String name) {
    Pointer group = c.getgrnam(name);
    return group == null ? null : Integer.toUnsignedLong(group.getInt(GR_GID));
  }

  @Override
  public Fd listenSeqpacket(String path) {
    return sockets.listen(path);
  }

  @Override
  public Fd connectSeqpacket(String path) {
    return sockets.connect(path);
  }

  @Override
  public void send(Fd socket, byte[] data, List<Fd> fds) {
    sockets.send(socket, data, fds);
  }

  @Override
  public Message receive(Fd socket) {
    return sockets.receive(socket);
  }

  @Override
  public int spawn(Fd executable, List<String> argv, Fd fd3) {
    return spawner.spawn(memory(), executable, argv, fd3);
  }

  @Override
  public Fd pidfdOpen(int pid) {
    return checkFd(c.syscall(SYS_PIDFD_OPEN, pid, 0, 0, 0, 0), "pidfd_open", null);
  }

  @Override
  public boolean pidfdSendSignal(Fd pidfd, int signal) {
    long result = c.syscall(SYS_PIDFD_SEND_SIGNAL, pidfd.number(), signal, 0, 0, 0);
    if (result < 0 && errno() == Errno.ESRCH) {
      return false;
    }
    check(result, "pidfd_send_signal", null);
    return true;
  }

  @Override
  public void reap(Fd pidfd) {
    c.waitid(P_PIDFD, pidfd.number(), memory().take(128), WEXITED | WNOHANG);
  }

  @Override
  public void reapChild(int pid) {
    Pointer info = memory().take(128);
    whole(() -> c.waitid(P_PID, pid, info, WEXITED));
  }

  @Override
  public void endChild(int pid) {
    c.kill(pid, SIGKILL);
    reapChild(pid);
  }

  @Override
  public Fd openTree(Fd of, boolean recursive) {
    int flags =
        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
    return checkFd(c.syscall(SYS_OPEN_TREE, of.number(), "", flags, 0, 0), "open_tree", null);
  }

  @Override
  public void isolateMount(Fd mount, Fd userNamespace, boolean recursive) {
    Pointer attributes = memory().take(32);
    attributes.putLong(16, MS_PRIVATE);
    if (userNamespace != null) {
      attributes.putLong(0, MOUNT_ATTR_IDMAP);
      attributes.putLong(24, userNamespace.number());
    }
    int flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
    check(
        c.syscall(SYS_MOUNT_SETATTR, mount.number(), "", flags, attributes, 32),
        "mount_setattr",
        null);
  }

  @Override
  public int namespaceType(Fd fd) {
    return (int) check(c.ioctl(fd.number(), NS_GET_NSTYPE), "ioctl", null);
  }

  @Override
  public boolean poll(Fd fd, int events, int timeoutMillis) {
    Pointer entry = memory().take(8);
    entry.putInt(0, fd.number());
    entry.putShort(4, (short) events);
    int ready = c.poll(entry, 1, timeoutMillis);
    if (ready < 0 && errno() == Errno.EINTR) {
      return false;
    }
    return check(ready, "poll", null) > 0;
  }

  @Override
  public Fd epollCreate() {
    return checkFd(c.epoll_create1(O_CLOEXEC), "epoll_create1", null);
  }

  @Override
  public void epollAdd(Fd epoll, int fd, int events, long token) {
    Pointer event = memory().take(16);
    event.putInt(0, events);
    event.putLong(CpuArchitecture.EPOLL_EVENT_DATA, token);
    check(c.epoll_ctl(epoll.number(), EPOLL_CTL_ADD, fd, event), "epoll_ctl", null);
  }

  @Override
  public void epollRemove(Fd epoll, int fd) {
    check(c.epoll_ctl(epoll.number(), EPOLL_CTL_DEL, fd, memory().take(16)), "epoll_ctl", null);
  }

  @Override
  public List<Ready> epollWait(Fd epoll) {
    Pointer events = memory().forReading(EPOLL_BATCH * CpuArchitecture.EPOLL_EVENT_SIZE);
    int count = c.epoll_wait(epoll.number(), events, EPOLL_BATCH, -1);
    if (count < 0 && errno() == Errno.EINTR) {
      return List.of();
    }
    check(count, "epoll_wait", null);
    List<Ready> ready = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int at = i * CpuArchitecture.EPOLL_EVENT_SIZE;
      ready.add(
          new Ready(events.getLong(at + CpuArchitecture.EPOLL_EVENT_DATA), events.getInt(at)));
    }
    return ready;
  }

  @Override
  public Fd eventfd() {
    return checkFd(c.eventfd(0, O_CLOEXEC | O_NONBLOCK), "eventfd", null);
  }

  @Override
  public Fd loadDeviceProgram(byte[] instructions) {
    return bpf.load(instructions);
  }

  @Override
  public void attachDeviceProgram(Fd cgroup, Fd program) {
    bpf.attach(cgroup, program);
  }

  @Override
  public List<String> deviceProgramTags(Fd cgroup) {
    return bpf.tags(cgroup);
  }

  @Override
  public String programTag(Fd program) {
    return bpf.tag(program);
  }

  @Override
  public Fd netlink(Fd networkNamespace) {
    return netlink.open(networkNamespace);
  }
}
