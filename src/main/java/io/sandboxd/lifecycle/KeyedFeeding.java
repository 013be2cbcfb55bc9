package io.sandboxd.lifecycle;

import io.sandboxd.lifecycle.FeedInput.Feeding;
import io.sandboxd.process.KeyedBodies.Body;
import io.sandboxd.process.StdinWriter;
import io.sandboxd.process.StdinWriter.Feed;
import io.sandboxd.sandbox.RequestKey;
import io.sandboxd.sandbox.SandboxException;
import java.security.MessageDigest;
import java.util.function.Consumer;

/**
 * A body that may be the repetition of one that was there before: of that the process gets what it
 * has not got yet, and of one that it has got whole, nothing.
 */
final class KeyedFeeding implements Feeding {
  private static final byte[] NOTHING = {};

  private final StdinWriter writer;
  private final Body body;
  private final String key;
  private final boolean repeated;
  private final Feed feed;
  private final MessageDigest digest = RequestKey.sha256();
  private long length;

  KeyedFeeding(StdinWriter writer, Body body, String key) {
    this.writer = writer;
    this.body = body;
    this.key = key;
    this.repeated = body.isComplete();
    this.feed = writer.feedBody(body);
  }

  @Override
  public void write(byte[] piece, Consumer<SandboxException> done) {
    digest.update(piece);
    length += piece.length;
    if (repeated) {
      done.accept(null);
    } else {
      writer.write(feed, piece, false, done);
    }
  }

  @Override
  public void end(boolean close, Consumer<SandboxException> done) {
    byte[] all = digest.digest();
    if (repeated) {
      done.accept(body.is(length, all) ? null : RequestKey.reused(key));
      return;
    }
    writer.write(
        feed,
        NOTHING,
        close,
        failure -> {
          if (failure == null) {
            body.complete(all);
          }
          done.accept(failure);
        });
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
