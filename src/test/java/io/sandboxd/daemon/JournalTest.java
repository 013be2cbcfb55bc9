package io.sandboxd.daemon;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.events.AuditedCall;
import io.sandboxd.events.Event;
import io.sandboxd.sandbox.Owner;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jnr.unixsocket.UnixDatagramChannel;
import jnr.unixsocket.UnixSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
  private static final String INJECTED = "a\nPRIORITY=0\nMESSAGE\n\0\0\0\0\0\0\0\0x=y";

  @TempDir Path directory;

  private static Event call(String name, Integer status, String code) {
    return Event.audit(
        new Event.Subject("0123456789abcdef", "web", Owner.ROOT),
        new AuditedCall(
            Instant.EPOCH,
            1000,
            100,
            42,
            "cron.service",
            "POST",
            "/v1/sandboxes/{name}",
            name,
            null,
            status,
            code,
            7));
  }

  /** As journald reads it (systemd: JOURNAL_NATIVE_PROTOCOL). */
  private static Map<String, String> decode(byte[] entry) {
    Map<String, String> fields = new LinkedHashMap<>();
    ByteBuffer rest = ByteBuffer.wrap(entry).order(ByteOrder.LITTLE_ENDIAN);
    while (rest.hasRemaining()) {
      StringBuilder name = new StringBuilder();
      for (char c = (char) rest.get(); c != '\n'; c = (char) rest.get()) {
        name.append(c);
      }
      byte[] value = new byte[(int) rest.getLong()];
      rest.get(value);
      assertEquals('\n', rest.get());
      fields.put(name.toString(), new String(value, StandardCharsets.UTF_8));
    }
    return fields;
  }

  @Test
  void everyFieldArrives() throws IOException {
    Path socket = directory.resolve("journal");
    try (UnixDatagramChannel journal = UnixDatagramChannel.open()) {
      journal.bind(new UnixSocketAddress(socket.toString()));
      List<Event> otherwise = new ArrayList<>();
      new Journal(socket, otherwise::add).write(call("web", 403, "not_permitted"));
      ByteBuffer entry = ByteBuffer.allocate(4096);
      journal.receive(entry);
      entry.flip();
      byte[] bytes = new byte[entry.remaining()];
      entry.get(bytes);
      Map<String, String> fields = decode(bytes);
      assertEquals(
          "uid 1000: POST /v1/sandboxes/{name} (web): 403 not_permitted", fields.get("MESSAGE"));
      assertEquals("5", fields.get("PRIORITY"));
      assertEquals("sandboxd", fields.get("SYSLOG_IDENTIFIER"));
      assertEquals("1000", fields.get("SANDBOXD_CALLER_UID"));
      assertEquals("42", fields.get("SANDBOXD_CALLER_PID"));
      assertEquals("cron.service", fields.get("SANDBOXD_CALLER_UNIT"));
      assertEquals("0123456789abcdef", fields.get("SANDBOXD_SANDBOX_ID"));
      assertEquals("403", fields.get("SANDBOXD_STATUS"));
      assertFalse(fields.containsKey("SANDBOXD_PROCESS"));
      assertEquals(List.of(), otherwise);
    }
  }

  @Test
  void noValueCanBeTakenForAField() {
    Map<String, String> fields = decode(Journal.encode(Journal.fields(call(INJECTED, 201, null))));
    assertEquals(INJECTED, fields.get("SANDBOXD_SANDBOX"));
    assertEquals("6", fields.get("PRIORITY"));
    assertArrayEquals(
        decode(Journal.encode(Journal.fields(call("a", 201, null)))).keySet().toArray(),
        fields.keySet().toArray());
  }

  @Test
  void withoutAJournalItIsALineOfJson() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream lines = new PrintStream(out, true, StandardCharsets.UTF_8);
    new Journal(directory.resolve("none"), new AuditLines(lines)).write(call(INJECTED, 201, null));
    String written = out.toString(StandardCharsets.UTF_8);
    assertEquals(1, written.lines().count(), written);
    String start = "{\"audit\":{\"time\":\"1970-01-01T00:00:00Z\",\"uid\":1000,";
    assertTrue(written.startsWith(start), written);
  }
}
