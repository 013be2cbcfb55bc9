package io.sandboxd.linux;

import java.nio.ByteBuffer;
import java.util.function.LongSupplier;
import jnr.ffi.LastError;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/** The part of {@link Libc} that is about files, pipes and terminals, and what all calls share. */
abstract class FileCalls implements Syscalls {
  static final int O_CLOEXEC = 02000000;

  /** The daemon may be a session leader, and a sandbox may hold out a terminal to it. */
  private static final int O_NOCTTY = 0400;

  private static final int MFD_CLOEXEC = 1;
  private static final int MFD_ALLOW_SEALING = 2;
  private static final int LOCK_EX = 2;
  private static final int LOCK_NB = 4;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int F_SETPIPE_SZ = 1031;
  private static final int F_ADD_SEALS = 1033;
  private static final int ALL_SEALS = 0xf;
  private static final int FALLOC_FL_KEEP_SIZE = 1;
  private static final int FALLOC_FL_PUNCH_HOLE = 2;
  private static final int AT_FDCWD = -100;
  private static final int AT_SYMLINK_NOFOLLOW = 0x100;
  private static final int STATX_BASIC_STATS = 0x7ff;
  private static final int S_IFMT = 0170000;
  private static final int S_IFBLK = 0060000;
  private static final int S_IFCHR = 0020000;
  private static final int S_IFREG = 0100000;
  private static final int BLOCK = 512;
  private static final long TIOCSPTLCK = 0x40045431L;
  private static final long TIOCGPTPEER = 0x5441;
  private static final long TIOCSWINSZ = 0x5414;
  private static final int SYS_OPENAT2 = 437;

  final LibcFunctions c = LibraryLoader.create(LibcFunctions.class).failImmediately().load("c");
  private final Runtime runtime = Runtime.getRuntime(c);
  private final ThreadLocal<NativeMemory> memory =
      ThreadLocal.withInitial(() -> new NativeMemory(runtime));

  NativeMemory memory() {
    return memory.get().reset();
  }

  int errno() {
    return LastError.getLastError(runtime);
  }

  /** Passes a result on, or throws what errno says. */
  long check(long result, String syscall, String path) {
    if (result < 0) {
      throw new ErrnoException(syscall, path, errno());
    }
    return result;
  }

  Fd checkFd(long result, String syscall, String path) {
    return new Fd((int) check(result, syscall, path), this);
  }

  @Override
  public Fd open(String path, int flags, int mode) {
    return checkFd(c.open(path, flags | O_CLOEXEC | O_NOCTTY, mode), "open", path);
  }

  @Override
  public Fd openat2(Fd dir, String path, int flags, int resolve) {
    return checkFd(openBelow(dir, path, flags, resolve), "openat2", path);
  }

  @Override
  public Fd tryOpenat2(Fd dir, String path, int flags, int resolve) {
    long result = openBelow(dir, path, flags, resolve);
    return result < 0 && errno() == Errno.ENOENT ? null : checkFd(result, "openat2", path);
  }

  private long openBelow(Fd dir, String path, int flags, int resolve) {
    Pointer how = memory().take(24);
    int pathOnly = flags & O_PATH;
    how.putLong(0, (flags | O_CLOEXEC | (pathOnly == 0 ? O_NOCTTY : 0)) & 0xffffffffL);
    how.putLong(16, resolve);
    return c.syscall(SYS_OPENAT2, dir.number(), path, how, 24, 0);
  }

  @Override
  public void close(int fd) {
    c.close(fd);
  }

  @Override
  public int read(Fd fd, ByteBuffer into) {
    Pointer buffer = memory().forReading(into.remaining());
    long result = whole(() -> c.read(fd.number(), buffer, into.remaining()));
    int count = (int) check(result, "read", null);
    byte[] bytes = new byte[count];
    buffer.get(0, bytes, 0, count);
    into.put(bytes);
    return count;
  }

  @Override
  public void writeAll(Fd fd, byte[] bytes) {
    Pointer buffer = memory().bytes(bytes);
    for (int done = 0; done < bytes.length; ) {
      Pointer from = buffer.slice(done);
      int left = bytes.length - done;
      done += (int) check(whole(() -> c.write(fd.number(), from, left)), "write", null);
    }
  }

  /** Makes a call again that a signal has interrupted (signal(7)): whoever sent it, it goes on. */
  final long whole(LongSupplier call) {
    long result = call.getAsLong();
    while (result < 0 && errno() == Errno.EINTR) {
      result = call.getAsLong();
    }
    return result;
  }

  @Override
  public void fchown(Fd fd, long uid, long gid) {
    check(c.fchown(fd.number(), (int) uid, (int) gid), "fchown", null);
  }

  /** memfd_create(2), empty. */
  Fd memoryFile(String name) {
    return checkFd(c.memfd_create(name, MFD_CLOEXEC), "memfd_create", name);
  }

  @Override
  public Fd sealedMemfd(String name, byte[] content) {
    Fd fd = checkFd(c.memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), "memfd_create", name);
    try {
      writeAll(fd, content);
      check(c.fcntl(fd.number(), F_ADD_SEALS, ALL_SEALS), "fcntl", name);
      return fd;
    } catch (RuntimeException e) {
      fd.close();
      throw e;
    }
  }

  @Override
  public Fd inotify() {
    return checkFd(c.inotify_init1(O_CLOEXEC | O_NONBLOCK), "inotify_init1", null);
  }

  @Override
  public int inotifyAdd(Fd inotify, String path, int mask) {
    return (int)
        check(c.inotify_add_watch(inotify.number(), path, mask), "inotify_add_watch", path);
  }

  @Override
  public void inotifyRemove(Fd inotify, int watch) {
    c.inotify_rm_watch(inotify.number(), watch);
  }

  @Override
  public int tryRead(Fd fd, ByteBuffer into) {
    Pointer buffer = memory().forReading(into.remaining());
    return received(c.read(fd.number(), buffer, into.remaining()), "read", buffer, into);
  }

  @Override
  public int readAt(Fd fd, ByteBuffer into, long offset) {
    Pointer buffer = memory().forReading(into.remaining());
    return received(c.pread(fd.number(), buffer, into.remaining(), offset), "pread", buffer, into);
  }

  private int received(long result, String syscall, Pointer buffer, ByteBuffer into) {
    if (result < 0 && errno() == Errno.EAGAIN) {
      return WOULD_BLOCK;
    }
    int count = (int) check(result, syscall, null);
    byte[] bytes = new byte[count];
    buffer.get(0, bytes, 0, count);
    into.put(bytes);
    return count;
  }

  @Override
  public int tryWrite(Fd fd, ByteBuffer from) {
    byte[] bytes = new byte[from.remaining()];
    from.get(from.position(), bytes);
    long result = c.write(fd.number(), memory().bytes(bytes), bytes.length);
    if (result < 0 && errno() == Errno.EAGAIN) {
      return WOULD_BLOCK;
    }
    int count = (int) check(result, "write", null);
    from.position(from.position() + count);
    return count;
  }

  @Override
  public long seek(Fd fd, long offset, int whence) {
    long result = c.lseek(fd.number(), offset, whence);
    return result < 0 && errno() == Errno.ENXIO ? -1 : check(result, "lseek", null);
  }

  @Override
  public void truncate(Fd fd, long size) {
    check(c.ftruncate(fd.number(), size), "ftruncate", null);
  }

  @Override
  public void punchHole(Fd fd, long offset, long length) {
    int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    check(c.fallocate(fd.number(), mode, offset, length), "fallocate", null);
  }

  @Override
  public FileState state(String path) {
    return state(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW);
  }

  @Override
  public FileState state(Fd fd) {
    return state(fd.number(), "", AT_EMPTY_PATH);
  }

  private FileState state(int dir, String path, int flags) {
    Pointer state = memory().take(256);
    check(c.statx(dir, path, flags, STATX_BASIC_STATS, state), "statx", path);
    return new FileState(
        state.getLong(40),
        state.getLong(48) * BLOCK,
        kind(state.getShort(28) & S_IFMT),
        new Device(state.getInt(128), state.getInt(132)));
  }

  private static FileKind kind(int mode) {
    return switch (mode) {
      case S_IFBLK -> FileKind.BLOCK_DEVICE;
      case S_IFCHR -> FileKind.CHARACTER_DEVICE;
      case S_IFREG -> FileKind.REGULAR;
      default -> FileKind.OTHER;
    };
  }

  @Override
  public long fileSystemType(Fd fd) {
    Pointer state = memory().take(256);
    check(c.fstatfs(fd.number(), state), "fstatfs", null);
    return state.getLong(0);
  }

  @Override
  public Pipe pipe() {
    Pointer ends = memory().take(8);
    check(c.pipe2(ends, O_CLOEXEC), "pipe2", null);
    return new Pipe(new Fd(ends.getInt(0), this), new Fd(ends.getInt(4), this));
  }

  /** Above /proc/sys/fs/pipe-max-size it takes privileges; the size it has will do as well. */
  @Override
  public void tryPipeSize(Fd pipe, int bytes) {
    c.fcntl(pipe.number(), F_SETPIPE_SZ, bytes);
  }

  @Override
  public void setNonBlocking(Fd fd) {
    long flags = check(c.fcntl(fd.number(), F_GETFL, 0), "fcntl", null);
    check(c.fcntl(fd.number(), F_SETFL, (int) flags | O_NONBLOCK), "fcntl", null);
  }

  @Override
  public boolean lock(Fd fd) {
    if (c.flock(fd.number(), LOCK_EX | LOCK_NB) == 0) {
      return true;
    }
    if (errno() == Errno.EAGAIN) {
      return false;
    }
    throw new ErrnoException("flock", null, errno());
  }

  @Override
  public Fd duplicate(Fd fd) {
    return checkFd(c.fcntl(fd.number(), F_DUPFD_CLOEXEC, 0), "fcntl", null);
  }

  @Override
  public Fd terminalPeer(Fd master) {
    Pointer unlocked = memory().take(4);
    check(c.ioctl(master.number(), TIOCSPTLCK, unlocked), "ioctl", null);
    int flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
    return checkFd(c.ioctl(master.number(), TIOCGPTPEER, flags), "ioctl", null);
  }

  @Override
  public void setWindowSize(Fd terminal, int rows, int columns) {
    Pointer size = memory().take(8);
    size.putShort(0, (short) rows);
    size.putShort(2, (short) columns);
    check(c.ioctl(terminal.number(), TIOCSWINSZ, size), "ioctl", null);
  }
}
