package io.sandboxd.daemon;

import io.sandboxd.api.AuditSink;
import io.sandboxd.events.AuditedCall;
import io.sandboxd.events.Event;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import jnr.unixsocket.UnixDatagramChannel;
import jnr.unixsocket.UnixSocketAddress;

/**
 * The audit in systemd's journal, in fields to search by ({@code journalctl
 * SANDBOXD_CALLER_UID=1000}). Spoken is the journal's native protocol (systemd:
 * JOURNAL_NATIVE_PROTOCOL): a datagram for each entry. Every value is sent with its length, so that
 * nothing in it can be taken for a field.
 */
final class Journal implements AuditSink {
  private static final Path SOCKET = Path.of("/run/systemd/journal/socket");
  private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

  /** syslog(3): for what is refused, and for what is done. */
  private static final String NOTICE = "5";

  private static final String INFO = "6";
  private static final int FIRST_REFUSED = 400;

  private final Path socket;
  private final AuditSink otherwise;

  /**
   * @param otherwise what the journal does not take, as while it is restarted
   */
  Journal(Path socket, AuditSink otherwise) {
    this.socket = socket;
    this.otherwise = otherwise;
  }

  /**
   * The journal, if that is where standard error goes; else standard error.
   *
   * @param environment JOURNAL_STREAM: device and inode of what systemd has given as standard error
   *     (systemd.exec(5))
   */
  static AuditSink in(Map<String, String> environment) {
    AuditSink lines = new AuditLines(System.err);
    return isStandardError(environment.getOrDefault("JOURNAL_STREAM", "")) && Files.exists(SOCKET)
        ? new Journal(SOCKET, lines)
        : lines;
  }

  private static boolean isStandardError(String stream) {
    try {
      return stream.equals(
          Files.getAttribute(STANDARD_ERROR, "unix:dev")
              + ":"
              + Files.getAttribute(STANDARD_ERROR, "unix:ino"));
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public void write(Event audited) {
    byte[] entry = encode(fields(audited));
    try (UnixDatagramChannel channel = UnixDatagramChannel.open()) {
      channel.send(ByteBuffer.wrap(entry), new UnixSocketAddress(socket.toString()));
    } catch (IOException e) {
      otherwise.write(audited);
    }
  }

  static Map<String, Object> fields(Event audited) {
    AuditedCall call = audited.call();
    boolean refused = call.status() == null || call.status() >= FIRST_REFUSED;
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("MESSAGE", message(call));
    fields.put("PRIORITY", refused ? NOTICE : INFO);
    fields.put("SYSLOG_IDENTIFIER", "sandboxd");
    fields.put("SANDBOXD_CALLER_UID", call.uid());
    fields.put("SANDBOXD_CALLER_GID", call.gid());
    fields.put("SANDBOXD_CALLER_PID", call.pid());
    fields.put("SANDBOXD_CALLER_UNIT", call.unit());
    fields.put("SANDBOXD_TIME", call.time());
    fields.put("SANDBOXD_METHOD", call.method());
    fields.put("SANDBOXD_PATH", call.path());
    fields.put("SANDBOXD_SANDBOX", call.name());
    fields.put("SANDBOXD_SANDBOX_ID", audited.sandbox() == null ? null : audited.sandbox().id());
    fields.put("SANDBOXD_PROCESS", call.process());
    fields.put("SANDBOXD_STATUS", call.status());
    fields.put("SANDBOXD_CODE", call.code());
    fields.put("SANDBOXD_DURATION_MS", call.durationMillis());
    return fields;
  }

  private static String message(AuditedCall call) {
    StringBuilder message = new StringBuilder("uid " + call.uid() + ": " + call.method());
    message.append(' ').append(call.path() == null ? "of an unknown path" : call.path());
    if (call.name() != null) {
      message.append(" (").append(call.name()).append(')');
    }
    message.append(": ").append(call.status() == null ? "no answer" : call.status());
    return (call.code() == null ? message : message.append(' ').append(call.code())).toString();
  }

  /** Null values are left out. */
  static byte[] encode(Map<String, Object> fields) {
    ByteArrayOutputStream entry = new ByteArrayOutputStream();
    fields.forEach(
        (name, value) -> {
          if (value != null) {
            byte[] bytes = value.toString().getBytes(StandardCharsets.UTF_8);
            entry.writeBytes((name + "\n").getBytes(StandardCharsets.US_ASCII));
            entry.writeBytes(
                ByteBuffer.allocate(Long.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(bytes.length)
                    .array());
            entry.writeBytes(bytes);
            entry.write('\n');
          }
        });
    return entry.toByteArray();
  }
}
