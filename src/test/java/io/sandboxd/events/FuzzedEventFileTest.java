package io.sandboxd.events;

import io.sandboxd.Fuzz;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A damaged file of events costs events, and never the daemon. */
class FuzzedEventFileTest {
  private static final Logger LOG = Logger.getLogger(EventFile.class.getName());

  @TempDir Path directory;

  @BeforeAll
  static void spareTheReader() {
    LOG.setLevel(Level.OFF);
  }

  @AfterAll
  static void speakAgain() {
    LOG.setLevel(null);
  }

  @Test
  void anyFileIsRead() {
    String head = "{\"version\":1,\"beginning\":0,\"after\":0}\n";
    String one =
        "{\"id\":1,\"time\":\"2024-06-01T12:00:00Z\",\"type\":\"sandbox.created\",\"sandbox\":{\"id\":\"a\",\"name\":\"b\"}}\n";
    String two =
        "{\"id\":2,\"time\":\"2024-06-01T12:00:01Z\",\"type\":\"sandbox.oom\",\"sandbox\":{\"id\":\"a\",\"name\":\"b\"},\"kills\":3}\n";
    Path file = directory.resolve("events");
    Fuzz.text(
        "a file of events",
        List.of(head + one + two, head + two + one, head),
        input -> {
          Files.write(file, input);
          EventFile.read(file);
        });
    Fuzz.json(
        "an event",
        List.of(
            one.strip().getBytes(StandardCharsets.UTF_8),
            two.strip().getBytes(StandardCharsets.UTF_8)),
        input -> {
          Files.writeString(file, head + new String(input, StandardCharsets.UTF_8) + "\n" + two);
          EventFile.read(file);
        });
  }
}
