package io.sandboxd.network;

import io.sandboxd.sandbox.net.IpAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The names of all members of a network, as hosts(5) has them. All members have this one file in
 * front of them, so it is changed in place: a member that comes is added at the end, and one that
 * goes is written over with blanks, so that no reader ever sees half a line.
 */
public final class HostsFile {
  private static final String HEAD =
      "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";

  private record Line(long position, int length) {}

  private final Path file;
  private final Map<String, Line> lines = new HashMap<>();
  private long end;

  /**
   * Begins it anew, with nobody in it; whoever has it open sees that.
   *
   * @throws UncheckedIOException when it cannot be written
   */
  public HostsFile(Path file) {
    this.file = file;
    try {
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        Files.deleteIfExists(file);
        Files.createFile(file);
      }
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
      try (FileChannel channel = open()) {
        channel.truncate(0);
      }
      append(HEAD);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Path path() {
    return file;
  }

  /**
   * @param member the id of a sandbox
   * @param name what it is called, a host's name
   */
  public synchronized void add(String member, String name, List<IpAddress> addresses) {
    StringBuilder text = new StringBuilder();
    addresses.forEach(address -> text.append(address).append(' ').append(name).append('\n'));
    if (text.length() > 0 && !lines.containsKey(member)) {
      lines.put(member, append(text.toString()));
    }
  }

  /** Harmless for who is not there. */
  public synchronized void remove(String member) {
    Line line = lines.remove(member);
    if (line == null) {
      return;
    }
    byte[] blanks = new byte[line.length()];
    Arrays.fill(blanks, (byte) ' ');
    blanks[blanks.length - 1] = '\n';
    try (FileChannel channel = open()) {
      if (lines.isEmpty()) {
        end = HEAD.length();
        channel.truncate(end);
      } else {
        write(channel, blanks, line.position());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Line append(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    Line line = new Line(end, bytes.length);
    try (FileChannel channel = open()) {
      write(channel, bytes, end);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    end += bytes.length;
    return line;
  }

  private FileChannel open() throws IOException {
    return FileChannel.open(file, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
  }

  private static void write(FileChannel channel, byte[] bytes, long position) throws IOException {
    ByteBuffer rest = ByteBuffer.wrap(bytes);
    while (rest.hasRemaining()) {
      channel.write(rest, position + rest.position());
    }
  }
}
