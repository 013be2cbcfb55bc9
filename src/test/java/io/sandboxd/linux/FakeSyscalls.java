package io.sandboxd.linux;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A kernel that does what a test says: files by path, and a conversation on one socket. Whatever a
 * test does not expect fails loudly.
 */
public class FakeSyscalls implements Syscalls {
  public final Map<String, String> files = new HashMap<>();
  public final List<byte[]> sent = new ArrayList<>();
  public final Deque<Message> toReceive = new ArrayDeque<>();
  public final List<Integer> closed = new ArrayList<>();
  private final Map<String, String> paths = new HashMap<>();
  private final Map<Integer, ByteBuffer> open = new HashMap<>();
  private int next = 100;

  public Fd fd() {
    return new Fd(next++, this);
  }

  private static UnsupportedOperationException unexpected() {
    return new UnsupportedOperationException("no test expects this call");
  }

  @Override
  public Fd openat2(Fd dir, String path, int flags, int resolve) {
    String content = files.get(path);
    if (content == null) {
      throw new ErrnoException("openat2", path, Errno.ENOENT);
    }
    Fd fd = fd();
    paths.put(fd.procPath(), content);
    return fd;
  }

  @Override
  public Fd tryOpenat2(Fd dir, String path, int flags, int resolve) {
    return files.containsKey(path) ? openat2(dir, path, flags, resolve) : null;
  }

  /** Gives little at a time, as read(2) may. */
  @Override
  public int read(Fd fd, ByteBuffer into) {
    ByteBuffer from = open.get(fd.number());
    int count = Math.min(Math.min(7, from.remaining()), into.remaining());
    for (int i = 0; i < count; i++) {
      into.put(from.get());
    }
    return count;
  }

  @Override
  public synchronized void close(int fd) {
    closed.add(fd);
  }

  @Override
  public int socketOption(Fd socket, int option) {
    throw unexpected();
  }

  @Override
  public Fd connectSeqpacket(String path) {
    return fd();
  }

  @Override
  public synchronized void send(Fd socket, byte[] data, List<Fd> fds) {
    sent.add(data);
  }

  @Override
  public Message receive(Fd socket) {
    return toReceive.poll();
  }

  /** Only what is open already, by its path in /proc. */
  @Override
  public Fd open(String path, int flags, int mode) {
    Fd fd = fd();
    open.put(
        fd.number(),
        ByteBuffer.wrap(paths.get(path).getBytes(java.nio.charset.StandardCharsets.UTF_8)));
    return fd;
  }

  @Override
  public void writeAll(Fd fd, byte[] bytes) {
    throw unexpected();
  }

  @Override
  public void fchown(Fd fd, long uid, long gid) {
    throw unexpected();
  }

  @Override
  public Fd sealedMemfd(String name, byte[] content) {
    throw unexpected();
  }

  @Override
  public Fd listenSeqpacket(String path) {
    throw unexpected();
  }

  @Override
  public int spawn(Fd executable, List<String> argv, Fd fd3) {
    throw unexpected();
  }

  @Override
  public Fd pidfdOpen(int pid) {
    throw unexpected();
  }

  @Override
  public boolean pidfdSendSignal(Fd pidfd, int signal) {
    throw unexpected();
  }

  @Override
  public void reap(Fd pidfd) {
    throw unexpected();
  }

  @Override
  public void reapChild(int pid) {
    throw unexpected();
  }

  @Override
  public void endChild(int pid) {
    throw unexpected();
  }

  @Override
  public Fd openTree(Fd of, boolean recursive) {
    throw unexpected();
  }

  @Override
  public void isolateMount(Fd mount, Fd userNamespace, boolean recursive) {
    throw unexpected();
  }

  @Override
  public int namespaceType(Fd fd) {
    throw unexpected();
  }

  @Override
  public boolean poll(Fd fd, int events, int timeoutMillis) {
    throw unexpected();
  }

  @Override
  public Fd epollCreate() {
    throw unexpected();
  }

  @Override
  public void epollAdd(Fd epoll, int fd, int events, long token) {
    throw unexpected();
  }

  @Override
  public void epollRemove(Fd epoll, int fd) {
    throw unexpected();
  }

  @Override
  public List<Ready> epollWait(Fd epoll) {
    throw unexpected();
  }

  @Override
  public int tryRead(Fd fd, ByteBuffer into) {
    throw unexpected();
  }

  @Override
  public int tryWrite(Fd fd, ByteBuffer from) {
    throw unexpected();
  }

  @Override
  public int readAt(Fd fd, ByteBuffer into, long offset) {
    throw unexpected();
  }

  @Override
  public long seek(Fd fd, long offset, int whence) {
    throw unexpected();
  }

  @Override
  public void truncate(Fd fd, long size) {
    throw unexpected();
  }

  @Override
  public void punchHole(Fd fd, long offset, long length) {
    throw unexpected();
  }

  @Override
  public FileState state(String path) {
    throw unexpected();
  }

  @Override
  public FileState state(Fd fd) {
    long size = paths.get(fd.procPath()).length();
    return new FileState(size, size, FileKind.REGULAR, new Device(0, 0));
  }

  @Override
  public long fileSystemType(Fd fd) {
    throw unexpected();
  }

  @Override
  public Pipe pipe() {
    throw unexpected();
  }

  @Override
  public void tryPipeSize(Fd pipe, int bytes) {
    throw unexpected();
  }

  @Override
  public void setNonBlocking(Fd fd) {
    throw unexpected();
  }

  @Override
  public boolean lock(Fd fd) {
    throw unexpected();
  }

  @Override
  public Fd duplicate(Fd fd) {
    throw unexpected();
  }

  @Override
  public Fd inotify() {
    throw unexpected();
  }

  @Override
  public int inotifyAdd(Fd inotify, String path, int mask) {
    throw unexpected();
  }

  @Override
  public void inotifyRemove(Fd inotify, int watch) {
    throw unexpected();
  }

  @Override
  public Fd terminalPeer(Fd master) {
    throw unexpected();
  }

  @Override
  public void setWindowSize(Fd terminal, int rows, int columns) {
    throw unexpected();
  }

  @Override
  public Fd eventfd() {
    throw unexpected();
  }

  @Override
  public Fd loadDeviceProgram(byte[] instructions) {
    throw unexpected();
  }

  @Override
  public void attachDeviceProgram(Fd cgroup, Fd program) {
    throw unexpected();
  }

  @Override
  public List<String> deviceProgramTags(Fd cgroup) {
    throw unexpected();
  }

  @Override
  public String programTag(Fd program) {
    throw unexpected();
  }

  @Override
  public Set<Long> peerGroups(Fd socket) {
    throw unexpected();
  }

  @Override
  public Fd peerPidfd(Fd socket) {
    throw unexpected();
  }

  @Override
  public Long groupId(String name) {
    throw unexpected();
  }

  @Override
  public Fd netlink(Fd networkNamespace) {
    throw unexpected();
  }
}
