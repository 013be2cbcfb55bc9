package io.sandboxd.daemon;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import jnr.unixsocket.UnixDatagramChannel;
import jnr.unixsocket.UnixSocketAddress;
import org.jboss.logging.Logger;

/** Where the service manager wants to hear how the daemon is (sd_notify(3)). */
final class NotifySocket {
  private static final Logger LOG = Logger.getLogger(NotifySocket.class);

  /** Null when nobody wants to hear. */
  private final String path;

  private NotifySocket(String path) {
    this.path = path;
  }

  /**
   * @param environment NOTIFY_SOCKET: a path, or {@code @} and an abstract name (unix(7))
   */
  static NotifySocket in(Map<String, String> environment) {
    String path = environment.getOrDefault("NOTIFY_SOCKET", "");
    if (path.startsWith("/")) {
      return new NotifySocket(path);
    }
    return new NotifySocket(path.startsWith("@") ? "\0" + path.substring(1) : null);
  }

  /**
   * What cannot be told is logged: a daemon is of use without its service manager too.
   *
   * @param assignments as sd_notify(3) lists them, such as {@code READY=1}
   */
  void tell(String... assignments) {
    if (path == null) {
      return;
    }
    byte[] message = String.join("\n", assignments).getBytes(StandardCharsets.UTF_8);
    try (UnixDatagramChannel channel = UnixDatagramChannel.open()) {
      channel.send(ByteBuffer.wrap(message), new UnixSocketAddress(path));
    } catch (IOException e) {
      LOG.warnf("The service manager was not told %s: %s", assignments[0], e.getMessage());
    }
  }
}
