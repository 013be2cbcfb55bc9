package io.sandboxd.it;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Requests that no HTTP client would send. */
final class RawHttp {
  private static final int BUFFER = 1 << 16;

  private RawHttp() {}

  /** Sends bytes (ISO 8859-1) as they are, and reads until the daemon closes the connection. */
  static String exchange(Path socket, String request) {
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      send(channel, ByteBuffer.wrap(request.getBytes(StandardCharsets.ISO_8859_1)));
      ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
      while (channel.read(buffer) >= 0) {
        answer.write(buffer.array(), 0, buffer.position());
        buffer.clear();
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return answer.toString(StandardCharsets.ISO_8859_1);
  }

  private static void send(SocketChannel channel, ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      // It need not read all of what it refuses; the answer is there already.
    }
  }
}
