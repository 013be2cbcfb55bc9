package io.sandboxd.events;

import io.sandboxd.linux.PlainFile;
import io.sandboxd.sandbox.json.SpecJson;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * What is in one file of events: a header in the first line, an event in each other one.
 *
 * @param lostUpTo the id up to which events before those of this file are lost, unless another file
 *     has them; 0 for none
 * @param length in bytes, without a last line that was cut off
 */
record EventFile(Header header, long lostUpTo, List<EncodedEvent> events, long length) {
  private static final Logger LOG = Logger.getLogger(EventFile.class);
  private static final int VERSION = 1;

  /** Bytes: what is longer would not fit into memory either. */
  private static final int LONGEST = (int) Math.min(1 << 28, Runtime.getRuntime().maxMemory() / 4);

  /** Everything up to the very end is lost. */
  private static final long ALL = Long.MAX_VALUE;

  /**
   * @param beginning no event of this history has a smaller id
   * @param after the last event before those of this file; 0 when these are the first of all
   */
  record Header(int version, long beginning, long after) {
    Header(long beginning, long after) {
      this(VERSION, beginning, after);
    }
  }

  /** Whether nothing is missing between those of the file before this one and its own. */
  boolean isWhole() {
    return lostUpTo == header.after();
  }

  /** Null if it is not there, or its header says nothing that could be understood. */
  static EventFile read(Path file) throws IOException {
    byte[] bytes;
    try {
      bytes = PlainFile.read(file, LONGEST);
    } catch (NoSuchFileException e) {
      return null;
    }
    List<byte[]> lines = lines(bytes);
    Header header = lines.isEmpty() ? null : parse(lines.get(0), Header.class);
    if (header == null || header.version() != VERSION) {
      LOG.errorf("%s is no file of events that this sandboxd can read.", file);
      return null;
    }
    long lostUpTo = header.after();
    long length = lines.get(0).length + 1L;
    List<EncodedEvent> events = new ArrayList<>();
    for (byte[] line : lines.subList(1, lines.size())) {
      length += line.length + 1L;
      Event event = parse(line, Event.class);
      if (event == null) {
        // What comes before something that is lost is worth nothing to those who want all.
        LOG.errorf("%s is damaged: the events up to there are lost.", file);
        events.clear();
        lostUpTo = ALL;
      } else {
        lostUpTo = lostUpTo == ALL ? event.id() - 1 : lostUpTo;
        events.add(EncodedEvent.of(event, line));
      }
    }
    return new EventFile(header, lostUpTo, events, length);
  }

  /** Those that have an end. */
  private static List<byte[]> lines(byte[] bytes) {
    List<byte[]> lines = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        lines.add(Arrays.copyOfRange(bytes, start, i));
        start = i + 1;
      }
    }
    return lines;
  }

  private static <T> T parse(byte[] line, Class<T> type) {
    try {
      return SpecJson.read(line, type);
    } catch (RuntimeException e) {
      return null;
    }
  }
}
