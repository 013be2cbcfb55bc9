package io.sandboxd.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sandboxd.api.ApiDescription;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/**
 * A client that reads an answer without end, in the form of Server-Sent Events or of lines of JSON,
 * and holds each event against openapi.yaml.
 */
final class EventTail implements AutoCloseable {
  private static final ApiDescription DESCRIPTION = ApiDescription.read();
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final SocketChannel channel;
  private final InputStream in;
  private final String head;
  private final JsonNode schema;
  private final List<String> lines = new ArrayList<>();
  private boolean ended;
  private boolean complete;

  private EventTail(Daemon daemon, String path, String schema, String... headers)
      throws IOException {
    this.schema = JSON.createObjectNode().put("$ref", "#/components/schemas/" + schema);
    channel = SocketChannel.open(UnixDomainSocketAddress.of(daemon.socket()));
    String request =
        "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + String.join("\r\n", headers);
    request += headers.length == 0 ? "\r\n" : "\r\n\r\n";
    channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.ISO_8859_1)));
    in = new BufferedInputStream(Channels.newInputStream(channel));
    head = readHead();
  }

  /** Of {@code /v1/events}; back when the daemon has begun to answer. */
  static EventTail open(Daemon daemon, String query, String... headers) {
    return of(daemon, "/v1/events" + query, "Event", headers);
  }

  /** Of any path; the schema is what each event's data is held against. */
  static EventTail of(Daemon daemon, String path, String schema, String... headers) {
    EventTail tail = unread(daemon, path, schema, headers);
    Thread reader = new Thread(tail::read, "event tail");
    reader.setDaemon(true);
    reader.start();
    return tail;
  }

  /** One that does not read on; see {@link #readAll}. */
  static EventTail unread(Daemon daemon, String path, String schema, String... headers) {
    try {
      return new EventTail(daemon, path, schema, headers);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  void readAll() {
    read();
  }

  private String readHead() throws IOException {
    StringBuilder text = new StringBuilder();
    for (String line = readLine(); !line.isEmpty(); line = readLine()) {
      text.append(line).append('\n');
    }
    return text.toString();
  }

  private String readLine() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException();
      }
      line.write(c);
    }
    return line.toString(StandardCharsets.UTF_8).replace("\r", "");
  }

  /** Chunks as in RFC 9112, 7.1; one may end within a line. */
  private void read() {
    StringBuilder rest = new StringBuilder();
    try {
      for (int size = chunkSize(); size > 0; size = chunkSize()) {
        rest.append(new String(in.readNBytes(size), StandardCharsets.UTF_8));
        readLine();
        int end = rest.lastIndexOf("\n") + 1;
        add(rest.substring(0, end).split("\n"));
        rest.delete(0, end);
      }
      end(true);
    } catch (IOException e) {
      end(false);
    }
  }

  private int chunkSize() throws IOException {
    return Integer.parseInt(readLine(), 16);
  }

  private synchronized void add(String... some) {
    lines.addAll(List.of(some));
  }

  private synchronized void end(boolean properly) {
    ended = true;
    complete = properly;
  }

  String head() {
    return head.toLowerCase(Locale.ROOT);
  }

  synchronized List<String> lines() {
    return List.copyOf(lines);
  }

  synchronized boolean hasEnded() {
    return ended;
  }

  /** Whether the daemon said that it was the end; else the connection broke. */
  synchronized boolean isComplete() {
    return complete;
  }

  /** All that have come so far. */
  List<JsonNode> events() {
    List<JsonNode> events = new ArrayList<>();
    for (String line : lines()) {
      if (line.startsWith("data: ") || line.startsWith("{")) {
        JsonNode event = parse(line.replaceFirst("^data: ", ""));
        assertEquals(List.of(), DESCRIPTION.faults(event, schema), event::toString);
        events.add(event);
      }
    }
    return events;
  }

  private static JsonNode parse(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new AssertionError(text, e);
    }
  }

  /** E.g. {@code process.exited main} and {@code sandbox.stopped}. */
  List<String> story() {
    return events().stream().map(EventTail::brief).toList();
  }

  static String brief(JsonNode event) {
    String type = event.path("type").asText();
    return event.has("process") ? type + " " + event.at("/process/id").asText() : type;
  }

  /** Waits for an event, and returns the first that is so. */
  JsonNode await(Predicate<JsonNode> wanted) {
    until(() -> hasEnded() || events().stream().anyMatch(wanted));
    return events().stream()
        .filter(wanted)
        .findFirst()
        .orElseThrow(() -> new AssertionError("the answer ended after " + story()));
  }

  JsonNode await(String brief) {
    return await(event -> brief(event).equals(brief));
  }

  /** Waits for a line that is like this. */
  String awaitLine(String pattern) {
    until(() -> hasEnded() || lines().stream().anyMatch(line -> line.matches(pattern)));
    return lines().stream()
        .filter(line -> line.matches(pattern))
        .findFirst()
        .orElseThrow(() -> new AssertionError("the answer ended after " + lines()));
  }

  void awaitEnd() {
    until(this::hasEnded);
  }

  private void until(Callable<Boolean> condition) {
    Awaitility.await("what the daemon tells, so far " + lines())
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(condition);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
