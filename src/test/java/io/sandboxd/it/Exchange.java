package io.sandboxd.it;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * One request and its answer on a connection of its own, both piece by piece, in the order and at
 * the pace of the test. The body that is read is without its transfer coding.
 */
final class Exchange implements AutoCloseable {
  private static final String CRLF = "\r\n";

  private final SocketChannel channel;
  private final InputStream in;
  private final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
  private int status;

  /** Bytes to come: of the body, or of the current chunk. */
  private long left;

  private boolean chunked;
  private boolean over;

  private Exchange(SocketChannel channel) {
    this.channel = channel;
    this.in = new BufferedInputStream(Channels.newInputStream(channel), 1 << 16);
  }

  /**
   * Sends the head of a request.
   *
   * @param headers lines without their ends
   */
  static Exchange open(Path socket, String method, String target, String... headers) {
    try {
      return new Exchange(SocketChannel.open(UnixDomainSocketAddress.of(socket)))
          .next(method, target, headers);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One more request on the same connection, when the answer of the last one is read. */
  Exchange next(String method, String target, String... headers) throws IOException {
    status = 0;
    this.headers.clear();
    StringBuilder head = new StringBuilder(method + " " + target + " HTTP/1.1" + CRLF);
    head.append("Host: localhost").append(CRLF);
    for (String line : headers) {
      head.append(line).append(CRLF);
    }
    return write(head.append(CRLF).toString().getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Bytes as they are; blocks when the daemon takes no more. */
  Exchange write(byte[] bytes) throws IOException {
    for (ByteBuffer buffer = ByteBuffer.wrap(bytes); buffer.hasRemaining(); ) {
      channel.write(buffer);
    }
    return this;
  }

  /** A chunk of the body, for a request that says {@code Transfer-Encoding: chunked}. */
  Exchange send(byte[] piece) throws IOException {
    write((Integer.toHexString(piece.length) + CRLF).getBytes(StandardCharsets.ISO_8859_1));
    write(piece);
    return write(CRLF.getBytes(StandardCharsets.ISO_8859_1));
  }

  Exchange send(String piece) throws IOException {
    return send(piece.getBytes(StandardCharsets.UTF_8));
  }

  /** The last chunk. */
  Exchange end() throws IOException {
    return write(("0" + CRLF + CRLF).getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Nothing more will be sent (shutdown(2), SHUT_WR), though the answer is still wanted. */
  Exchange shutdownOutput() throws IOException {
    channel.shutdownOutput();
    return this;
  }

  /** Of the answer's head, which is waited for; the second one after a 100. */
  int status() throws IOException {
    if (status == 0 || status == 100) {
      readHead();
    }
    return status;
  }

  private void readHead() throws IOException {
    status = Integer.parseInt(line().split(" ", 3)[1]);
    for (String line; !(line = line()).isEmpty(); ) {
      String[] field = line.split(":", 2);
      headers.put(field[0], field[1].strip());
    }
    chunked =
        "chunked".equals(headers.getOrDefault("Transfer-Encoding", "").toLowerCase(Locale.ROOT));
    left = chunked ? 0 : Long.parseLong(headers.getOrDefault("Content-Length", "0"));
    over = !chunked && left == 0;
  }

  /** Of the answer's head, which is waited for; null if it is not there. */
  String header(String name) throws IOException {
    status();
    return headers.get(name);
  }

  private String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next; (next = in.read()) != '\n'; ) {
      if (next < 0) {
        throw new EOFException("cut off");
      }
      if (next != '\r') {
        line.write(next);
      }
    }
    return line.toString(StandardCharsets.ISO_8859_1);
  }

  /**
   * Some bytes of the body; -1 at its end as HTTP has it.
   *
   * @throws EOFException when the connection ends before that
   */
  int read(byte[] into) throws IOException {
    status();
    if (chunked && left == 0 && !over) {
      left = Long.parseLong(line(), 16);
      if (left == 0) {
        line();
        over = true;
      }
    }
    if (over) {
      return -1;
    }
    int count = in.read(into, 0, (int) Math.min(into.length, left));
    if (count < 0) {
      throw new EOFException("cut off");
    }
    left -= count;
    if (left == 0) {
      if (chunked) {
        line();
      } else {
        over = true;
      }
    }
    return count;
  }

  /** The body from here on, for what reads streams. */
  InputStream body() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return Exchange.this.read(one) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] into, int offset, int length) throws IOException {
        if (length == 0) {
          return 0;
        }
        byte[] piece = new byte[length];
        int count = Exchange.this.read(piece);
        if (count > 0) {
          System.arraycopy(piece, 0, into, offset, count);
        }
        return count;
      }
    };
  }

  /** Reads on until the body that is read now ends with this. */
  String readUntil(String expected) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] piece = new byte[4096];
    while (!all.toString(StandardCharsets.UTF_8).endsWith(expected)) {
      int count = read(piece);
      if (count < 0) {
        throw new EOFException("ended with " + all.toString(StandardCharsets.UTF_8));
      }
      all.write(piece, 0, count);
    }
    return all.toString(StandardCharsets.UTF_8);
  }

  /** What is left of the body, to its proper end. */
  String readText() throws IOException {
    return new String(body().readAllBytes(), StandardCharsets.UTF_8);
  }

  /** All bytes that are still to come, whatever they are, until the daemon closes. */
  byte[] readToEnd() throws IOException {
    return in.readAllBytes();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
