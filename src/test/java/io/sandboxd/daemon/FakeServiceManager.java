package io.sandboxd.daemon;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import jnr.unixsocket.UnixDatagramChannel;
import jnr.unixsocket.UnixSocketAddress;

/** Hears what a daemon tells its service manager (sd_notify(3)). */
public final class FakeServiceManager implements AutoCloseable {
  private static final int LONGEST = 4096;

  private final String address;
  private final UnixDatagramChannel channel;

  /** Listens at a path. */
  public static FakeServiceManager at(Path path) throws IOException {
    return new FakeServiceManager(path.toString(), path.toString());
  }

  /** Listens at an abstract name (unix(7)). */
  static FakeServiceManager named(String name) throws IOException {
    return new FakeServiceManager("@" + name, "\0" + name);
  }

  private FakeServiceManager(String address, String path) throws IOException {
    this.address = address;
    channel = UnixDatagramChannel.open();
    channel.bind(new UnixSocketAddress(path));
  }

  /** As NOTIFY_SOCKET has it. */
  public String address() {
    return address;
  }

  /** The next message; waits for it. */
  public String next() throws IOException {
    ByteBuffer message = ByteBuffer.allocate(LONGEST);
    channel.receive(message);
    return StandardCharsets.UTF_8.decode(message.flip()).toString();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
