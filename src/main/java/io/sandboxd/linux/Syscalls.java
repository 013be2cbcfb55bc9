package io.sandboxd.linux;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;

/**
 * The system calls the daemon makes itself, each as the man page of section 2 has it. Refusals are
 * {@link ErrnoException}s. Every descriptor made here is close-on-exec. The one real implementation
 * is {@link Libc}; tests have fakes.
 */
public interface Syscalls {
  int O_RDONLY = 0;
  int O_WRONLY = 1;
  int O_RDWR = 2;
  int O_CREAT = 0100;
  int O_EXCL = 0200;
  int O_TRUNC = 01000;
  int O_APPEND = 02000;
  int O_NONBLOCK = 04000;
  int O_PATH = 010000000;
  // The next two differ between x86-64 and arm64.
  int O_DIRECTORY = CpuArchitecture.ARM ? 040000 : 0200000;
  int O_NOFOLLOW = CpuArchitecture.ARM ? 0100000 : 0400000;

  int RESOLVE_NO_MAGICLINKS = 0x02;
  int RESOLVE_NO_SYMLINKS = 0x04;
  int RESOLVE_BENEATH = 0x08;
  int RESOLVE_IN_ROOT = 0x10;

  int OPEN_TREE_CLONE = 1;
  int AT_RECURSIVE = 0x8000;
  int AT_EMPTY_PATH = 0x1000;
  long MOUNT_ATTR_RDONLY = 0x1;
  long MOUNT_ATTR_NOSUID = 0x2;
  long MOUNT_ATTR_NODEV = 0x4;
  long MOUNT_ATTR_NOEXEC = 0x8;
  long MOUNT_ATTR_NOATIME = 0x10;
  long MOUNT_ATTR_IDMAP = 0x100000;
  long MS_PRIVATE = 1 << 18;

  int EPOLLIN = 1;
  int EPOLLPRI = 2;
  int EPOLLOUT = 4;
  int EPOLLHUP = 0x10;

  int SO_TYPE = 3;
  int SO_ACCEPTCONN = 30;
  int SO_DOMAIN = 39;

  int SEEK_DATA = 3;
  int SEEK_HOLE = 4;

  int IN_MODIFY = 2;
  int IN_Q_OVERFLOW = 0x4000;
  int IN_IGNORED = 0x8000;

  /** statfs(2): the type of a devpts. */
  long DEVPTS_SUPER_MAGIC = 0x1cd1;

  /** statfs(2): the type of an XFS, which by itself takes storage beyond the end of files. */
  long XFS_SUPER_MAGIC = 0x58465342;

  /** What a call without blocking answers when it would have to wait (EAGAIN). */
  int WOULD_BLOCK = -1;

  /** What a received datagram brought. */
  record Message(byte[] data, List<Fd> fds, int senderPid) {}

  /** One ready descriptor of an epoll set: the token it was registered with, and EPOLL* bits. */
  record Ready(long token, int events) {}

  /** The two ends of a pipe(7). */
  record Pipe(Fd read, Fd write) {}

  /**
   * What statx(2) says of a file.
   *
   * @param size bytes up to its end, holes included
   * @param allocated bytes of storage that it takes
   * @param device of a device node, major and minor
   */
  record FileState(long size, long allocated, FileKind kind, Device device) {}

  /** As far as it matters here (inode(7)). */
  enum FileKind {
    BLOCK_DEVICE,
    CHARACTER_DEVICE,
    REGULAR,
    OTHER
  }

  /** A device number (makedev(3)). */
  record Device(int major, int minor) {}

  /** open(2). */
  Fd open(String path, int flags, int mode);

  /** openat2(2). */
  Fd openat2(Fd dir, String path, int flags, int resolve);

  /** openat2(2); null for what is not there, which mostly is no reason for an exception. */
  Fd tryOpenat2(Fd dir, String path, int flags, int resolve);

  void close(int fd);

  /** Whether what is open, be it with O_PATH only, is a regular file (inode(7)). */
  default boolean isRegularFile(Fd fd) {
    return state(fd).kind() == FileKind.REGULAR;
  }

  /** read(2) once, up to the buffer's remaining bytes; returns the count, 0 at the end. */
  int read(Fd fd, ByteBuffer into);

  /** Writes all of it (write(2), repeated). */
  void writeAll(Fd fd, byte[] bytes);

  /**
   * read(2) of a descriptor that does not block: the count, 0 at the end, or {@link #WOULD_BLOCK}.
   */
  int tryRead(Fd fd, ByteBuffer into);

  /**
   * write(2) of a descriptor that does not block: the count, or {@link #WOULD_BLOCK}. Takes from
   * the buffer what it wrote.
   */
  int tryWrite(Fd fd, ByteBuffer from);

  /** pread(2) once; returns the count, 0 at the end. */
  int readAt(Fd fd, ByteBuffer into, long offset);

  /** lseek(2) with SEEK_DATA or SEEK_HOLE; -1 when there is nothing from there on (ENXIO). */
  long seek(Fd fd, long offset, int whence);

  /** ftruncate(2). */
  void truncate(Fd fd, long size);

  /** fallocate(2) with FALLOC_FL_PUNCH_HOLE: gives storage back, the size stays. */
  void punchHole(Fd fd, long offset, long length);

  /** statx(2) of a path, a symbolic link at its end not followed. */
  FileState state(String path);

  /** statx(2) of what is open. */
  FileState state(Fd fd);

  /** fstatfs(2): the type of the file system. */
  long fileSystemType(Fd fd);

  /** pipe2(2); both ends block. */
  Pipe pipe();

  /** fcntl(2) F_SETPIPE_SZ, as far as the kernel allows. */
  void tryPipeSize(Fd pipe, int bytes);

  /** fcntl(2) F_SETFL with O_NONBLOCK; the open file's, so for all its descriptors. */
  void setNonBlocking(Fd fd);

  /**
   * flock(2) LOCK_EX, not blocking: lasts until the descriptor is closed, by the end of this
   * process at the latest.
   *
   * @return false when another process has it
   */
  boolean lock(Fd fd);

  /** fcntl(2) F_DUPFD_CLOEXEC. */
  Fd duplicate(Fd fd);

  /** inotify_init1(2), not blocking. */
  Fd inotify();

  /** inotify_add_watch(2); returns the watch. */
  int inotifyAdd(Fd inotify, String path, int mask);

  /** inotify_rm_watch(2); harmless when it is gone. */
  void inotifyRemove(Fd inotify, int watch);

  /** ioctl_tty(2) TIOCSPTLCK and TIOCGPTPEER: the other end of a terminal, found without a path. */
  Fd terminalPeer(Fd master);

  /** ioctl_tty(2) TIOCSWINSZ. */
  void setWindowSize(Fd terminal, int rows, int columns);

  /** fchown(2). */
  void fchown(Fd fd, long uid, long gid);

  /** memfd_create(2) with the content, sealed against every change, as an executable. */
  Fd sealedMemfd(String name, byte[] content);

  /** getsockopt(2) of an option of SOL_SOCKET that is a number (socket(7)). */
  int socketOption(Fd socket, int option);

  /** SO_PEERGROUPS (socket(7)): the supplementary groups of who has connected a Unix socket. */
  Set<Long> peerGroups(Fd socket);

  /**
   * SO_PEERPIDFD: who has connected a Unix socket, without the doubt of a number.
   *
   * @return null when it has ended, or the kernel does not tell (before Linux 6.5)
   */
  Fd peerPidfd(Fd socket);

  /** getgrnam(3): a group's number, or null if there is none of that name. */
  Long groupId(String name);

  /** A SOCK_SEQPACKET socket that listens at a path (unix(7); up to 107 bytes). */
  Fd listenSeqpacket(String path);

  /** Connects to such a socket; received messages carry the sender's credentials. */
  Fd connectSeqpacket(String path);

  /**
   * sendmsg(2) of one datagram, with descriptors (SCM_RIGHTS). Waits at most some seconds for room
   * (EAGAIN).
   */
  void send(Fd socket, byte[] data, List<Fd> fds);

  /**
   * recvmsg(2) without waiting: null when nothing is there, an empty message at the end of the
   * connection.
   */
  Message receive(Fd socket);

  /**
   * posix_spawn(3) of an open file, with an empty environment and signal mask. Descriptors 0, 1, 2
   * are /dev/null, 3 is {@code fd3}.
   *
   * @return the child's pid
   */
  int spawn(Fd executable, List<String> argv, Fd fd3);

  /** pidfd_open(2). */
  Fd pidfdOpen(int pid);

  /** pidfd_send_signal(2); false when the process is gone. */
  boolean pidfdSendSignal(Fd pidfd, int signal);

  /**
   * waitid(P_PIDFD) of a child that has ended, so that no zombie stays; harmless when it is no
   * child of ours.
   */
  void reap(Fd pidfd);

  /** waitid(P_PID), waiting for the end of a child. */
  void reapChild(int pid);

  /** Kills a child that nobody has reaped yet, so that the number is its own, and reaps it. */
  void endChild(int pid);

  /** open_tree(2) with OPEN_TREE_CLONE: a detached copy of a mount. */
  Fd openTree(Fd of, boolean recursive);

  /**
   * mount_setattr(2) on a detached mount: it takes part in no propagation any more, and with a user
   * namespace its ids are mapped (MOUNT_ATTR_IDMAP).
   *
   * @param userNamespace null: ids stay as they are
   */
  void isolateMount(Fd mount, Fd userNamespace, boolean recursive);

  /** ioctl_ns(2) NS_GET_NSTYPE: a CLONE_NEW* flag; ENOTTY for what is no namespace. */
  int namespaceType(Fd fd);

  /** poll(2) of one descriptor; false at the time-out. */
  boolean poll(Fd fd, int events, int timeoutMillis);

  Fd epollCreate();

  /** epoll_ctl(2) EPOLL_CTL_ADD; the token comes back with each event. */
  void epollAdd(Fd epoll, int fd, int events, long token);

  void epollRemove(Fd epoll, int fd);

  /** epoll_wait(2) without a time-out. */
  List<Ready> epollWait(Fd epoll);

  /** eventfd(2), to wake a thread out of {@link #epollWait}. */
  Fd eventfd();

  /**
   * bpf(2) BPF_PROG_LOAD of a BPF_PROG_TYPE_CGROUP_DEVICE.
   *
   * @param instructions 8 bytes each
   */
  Fd loadDeviceProgram(byte[] instructions);

  /** bpf(2) BPF_PROG_ATTACH to a cgroup's directory, beside others (BPF_F_ALLOW_MULTI). */
  void attachDeviceProgram(Fd cgroup, Fd program);

  /** bpf(2) BPF_PROG_QUERY: the tags of the device programs that hold in a cgroup. */
  List<String> deviceProgramTags(Fd cgroup);

  /** bpf(2) BPF_OBJ_GET_INFO_BY_FD: the kernel's hash of a program, in hexadecimal digits. */
  String programTag(Fd program);

  /**
   * A socket of netlink(7), family NETLINK_ROUTE, in a network namespace (setns(2)); with
   * NETLINK_EXT_ACK and NETLINK_CAP_ACK.
   *
   * @param networkNamespace null: the one of this process
   */
  Fd netlink(Fd networkNamespace);
}
