package io.sandboxd.events;

import io.sandboxd.linux.PlainFile;
import io.sandboxd.sandbox.json.SpecJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/**
 * Where events outlive the daemon, however it ends: the file {@code current} is written to, {@code
 * former} is what was that before. Nothing is synced, as nothing of the state is: it is of use as
 * long as the machine runs.
 */
final class EventFiles {
  /**
   * What was found.
   *
   * @param lostUpTo the id up to which events are lost; 0 for none
   * @param inCurrent how many of the events are in the file that is written to
   */
  record Found(long beginning, long lostUpTo, List<EncodedEvent> events, int inCurrent) {}

  private final Path current;
  private final Path former;
  private FileChannel file;
  private long length;

  /** Whether nothing is behind that length: a crash or a failure may have left something. */
  private boolean isClean;

  EventFiles(Path directory) {
    this.current = directory.resolve("current");
    this.former = directory.resolve("former");
  }

  /** Null when there is no history that could be read; {@link #begin} one then. */
  Found open() throws IOException {
    if (!Files.exists(current) && Files.exists(former)) {
      Files.move(former, current); // a rotation was cut off
    }
    EventFile latest = EventFile.read(current);
    if (latest == null) {
      return null;
    }
    List<EncodedEvent> events = new ArrayList<>(latest.events());
    long lostUpTo = latest.lostUpTo();
    EventFile before = latest.isWhole() ? EventFile.read(former) : null;
    if (before != null) {
      events.addAll(0, before.events());
      lostUpTo = before.lostUpTo();
    }
    file = FileChannel.open(current, StandardOpenOption.WRITE);
    length = latest.length();
    isClean = false;
    return new Found(latest.header().beginning(), lostUpTo, events, latest.events().size());
  }

  boolean isOpen() {
    return file != null;
  }

  /** Begins anew, with nothing from before. */
  void begin(long beginning, long after) throws IOException {
    // What happens is the business of those who may use the socket.
    Files.createDirectories(
        current.getParent(),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Path fresh = fresh(beginning, after);
    Files.deleteIfExists(former);
    use(fresh);
  }

  /** The current file becomes the former one, and what was that is forgotten. */
  void rotate(long beginning, long after) throws IOException {
    Path fresh = fresh(beginning, after);
    Files.move(current, former, StandardCopyOption.ATOMIC_MOVE);
    use(fresh);
  }

  private Path fresh(long beginning, long after) throws IOException {
    Path fresh = current.resolveSibling("current.new");
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    line.writeBytes(SpecJson.write(new EventFile.Header(beginning, after)));
    line.write('\n');
    PlainFile.writeNew(fresh, line.toByteArray());
    return fresh;
  }

  private void use(Path fresh) throws IOException {
    Files.move(fresh, current, StandardCopyOption.ATOMIC_MOVE);
    if (file != null) {
      file.close();
    }
    file = FileChannel.open(current, StandardOpenOption.WRITE);
    length = file.size();
    isClean = true;
  }

  /** All of them or, when this throws, none. */
  void append(List<EncodedEvent> events) throws IOException {
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    for (EncodedEvent event : events) {
      lines.writeBytes(event.json());
      lines.write('\n');
    }
    if (!isClean) {
      file.truncate(length);
    }
    isClean = false;
    ByteBuffer content = ByteBuffer.wrap(lines.toByteArray());
    while (content.hasRemaining()) {
      file.write(content, length + content.position());
    }
    isClean = true;
    length += lines.size();
  }
}
