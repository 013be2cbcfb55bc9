package io.sandboxd.lifecycle;

import io.sandboxd.process.ProcessStreams;
import io.sandboxd.process.StdinWriter;
import io.sandboxd.process.StdinWriter.Feed;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.SandboxException;
import java.util.function.Consumer;

/** Feeds a process's stdin, piece by piece. Nothing here waits. */
public final class FeedInput {
  /** One request's body on its way. Each piece has to be done before the next one comes. */
  public interface Feeding {
    /**
     * @param done called on any thread: with null, or with why it cannot be
     */
    void write(byte[] piece, Consumer<SandboxException> done);

    /**
     * @param close whether the process's stdin ends here
     */
    void end(boolean close, Consumer<SandboxException> done);

    /** The client is gone. */
    void cancel();

    /** How many bytes the process was fed in all. */
    long offset();
  }

  private final Streams streams;

  public FeedInput(Streams streams) {
    this.streams = streams;
  }

  /**
   * @param offset of the first byte, to be safe against repetition; null: behind what is there
   * @param key what the client calls this request; null: nothing
   * @throws SandboxException {@code not_found}; {@code wrong_state} for a process whose stdin is
   *     not open to anybody; {@code invalid_spec}
   */
  public Feeding begin(Sandbox sandbox, String name, Long offset, String key) {
    if (offset != null && key != null) {
      throw SandboxException.invalid(
          "offset", "does the same as an Idempotency-Key: choose one of them");
    }
    SandboxProcess process = sandbox.process(name);
    ProcessStreams its = streams.of(process);
    StdinWriter writer = its.input();
    if (writer != null) {
      return key == null
          ? new Plain(writer, writer.feed(offset))
          : new KeyedFeeding(writer, its.bodies().of(key), key);
    }
    boolean could = process.status().tty() || ProcessSpec.PIPE.equals(process.status().stdin());
    if (could && process.hasEnded()) {
      return new ToNobody();
    }
    throw SandboxException.wrongState(
        "The process '"
            + name
            + "' takes no input: start it with stdin \"pipe\" or with tty, or give its exec input.");
  }

  private record Plain(StdinWriter writer, Feed feed) implements Feeding {
    private static final byte[] NOTHING = {};

    @Override
    public void write(byte[] piece, Consumer<SandboxException> done) {
      writer.write(feed, piece, false, done);
    }

    @Override
    public void end(boolean close, Consumer<SandboxException> done) {
      writer.write(feed, NOTHING, close, done);
    }

    @Override
    public void cancel() {
      writer.cancel(feed);
    }

    @Override
    public long offset() {
      return writer.count();
    }
  }

  /** What a process that has ended never read is no failure of who sent it. */
  private record ToNobody() implements Feeding {
    @Override
    public void write(byte[] piece, Consumer<SandboxException> done) {
      done.accept(null);
    }

    @Override
    public void end(boolean close, Consumer<SandboxException> done) {
      done.accept(null);
    }

    @Override
    public void cancel() {
      // There is nothing that could be cancelled.
    }

    @Override
    public long offset() {
      return 0;
    }
  }
}
