package io.sandboxd.process;

import io.sandboxd.linux.PlainFile;
import io.sandboxd.sandbox.RequestKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jboss.logging.Logger;

/**
 * The requests that fed a process's stdin under a key (Idempotency-Key), each with how much of it
 * the process was given, so that the same request can come again and goes on where the first one
 * broke off, or does nothing. In a file each, for the next daemon to know them too. Only the latest
 * 256 are known.
 */
public final class KeyedBodies {
  private static final Logger LOG = Logger.getLogger(KeyedBodies.class);
  private static final int MOST = 256;

  /** Bytes of a SHA-256. */
  private static final int DIGEST = 32;

  private static final int LONGEST = Long.BYTES + DIGEST;

  private final Path directory;
  private final Map<String, Body> bodies = new LinkedHashMap<>();

  public KeyedBodies(Path directory) {
    this.directory = directory;
  }

  /** The request of this key: known already, or a new one. */
  public synchronized Body of(String key) {
    String name =
        HexFormat.of().formatHex(RequestKey.sha256().digest(key.getBytes(StandardCharsets.UTF_8)));
    Body body = bodies.computeIfAbsent(name, n -> new Body(directory.resolve(n)));
    if (bodies.size() > MOST) {
      String eldest = bodies.keySet().iterator().next();
      bodies.remove(eldest).delete();
    }
    return body;
  }

  /** One request's body. */
  public static final class Body {
    private final Path file;
    private long taken;
    private byte[] digest;

    private Body(Path file) {
      this.file = file;
      try {
        ByteBuffer content = ByteBuffer.wrap(PlainFile.read(file, LONGEST));
        taken = content.remaining() < Long.BYTES ? 0 : content.getLong();
        if (content.remaining() == DIGEST) {
          digest = new byte[DIGEST];
          content.get(digest);
        }
      } catch (NoSuchFileException e) {
        taken = 0;
      } catch (IOException e) {
        LOG.errorf("%s cannot be read, and is put away: %s", file, e.getMessage());
        PlainFile.tryDelete(file);
      }
    }

    /** Bytes that the process was given of it. */
    synchronized long taken() {
      return taken;
    }

    synchronized void take(long bytes) {
      taken += bytes;
      store();
    }

    /** Whether all of it was taken once. */
    public synchronized boolean isComplete() {
      return digest != null;
    }

    /** All of it was taken. */
    public synchronized void complete(byte[] all) {
      digest = all.clone();
      store();
    }

    /**
     * Whether a repetition is one.
     *
     * @param all what the body that came now digests to
     */
    public synchronized boolean is(long length, byte[] all) {
      return length == taken && MessageDigest.isEqual(digest, all);
    }

    private void store() {
      byte[] rest = digest == null ? new byte[0] : digest;
      byte[] content =
          ByteBuffer.allocate(Long.BYTES + rest.length).putLong(taken).put(rest).array();
      try {
        Files.createDirectories(file.getParent());
        // In one piece, and not emptied before: whenever the daemon is killed, it says something.
        try (FileChannel channel =
            FileChannel.open(
                file,
                StandardOpenOption.WRITE,
                StandardOpenOption.CREATE,
                LinkOption.NOFOLLOW_LINKS)) {
          channel.write(ByteBuffer.wrap(content));
        }
      } catch (IOException e) {
        // The process has been given it, be it written down or not.
        LOG.errorf("%s cannot be written: %s", file, e.getMessage());
      }
    }

    private void delete() {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
