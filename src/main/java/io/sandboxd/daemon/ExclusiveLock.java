package io.sandboxd.daemon;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Locks that last as long as this process. Each is a file that holds its owner's process id, with a
 * record lock (fcntl(2)) on it: the kernel drops it when the process dies, and processes that it
 * started do not inherit it. The file stays, because removing it would let two processes lock two
 * files of one name.
 */
final class ExclusiveLock {
  /** A channel that nobody refers to is closed, and its lock gone. */
  private static final List<FileChannel> HELD = new CopyOnWriteArrayList<>();

  private ExclusiveLock() {}

  /**
   * @param what what the lock stands for, to follow "Another daemon"
   * @throws StartException if another process has it
   */
  static void take(Path file, String what) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file,
            Set.of(
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    FileLock lock = channel.tryLock();
    if (lock == null) {
      String owner = read(channel);
      channel.close();
      throw StartException.unavailable("Another daemon (pid " + owner + ") " + what + ".");
    }
    HELD.add(channel);
    try {
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap(
              (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)),
          0);
    } catch (IOException e) {
      // No room. It is the lock that counts; the number is for those who are refused.
    }
  }

  private static String read(FileChannel channel) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(16);
    channel.read(buffer, 0);
    return new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII).strip();
  }
}
