package io.sandboxd.api;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.Settings;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.impl.ConnectionBase;
import jakarta.inject.Singleton;

/**
 * Bounds what the daemon holds for its clients: bodies that have come in and are worked on, and
 * answers that nobody has taken yet. Both are shares of the heap, which has a size that the
 * operator chose.
 */
@Singleton
final class Memory {
  /** An answer so short is sent at once, as the socket takes it. */
  static final int SHORT = 64 * 1024;

  /** A body becomes objects that take many times as much. */
  private static final long HEAP_BY_BODIES = 16;

  /** They are kept beside the heap, in memory whose bound is as large. */
  private static final long HEAP_BY_ANSWERS = 2;

  /** Who is no admin has one part in so many of what there is for bodies, and all but one else. */
  private static final long USERS = 4;

  private final Shares bodies;
  private final Shares answers;

  Memory(Settings settings) {
    long heap = Runtime.getRuntime().maxMemory();
    long longest = settings.maxBody();
    bodies =
        new Shares(
            Math.max(heap / HEAP_BY_BODIES, 2 * longest),
            Math.max(heap / HEAP_BY_BODIES / USERS, longest));
    long held = heap / HEAP_BY_ANSWERS;
    answers = new Shares(held, held - held / USERS);
  }

  /** Whether so much more of a body can be held; what is taken is to be given back. */
  boolean takeForBody(Caller caller, long bytes) {
    return bodies.take(caller, bytes) == Shares.Grant.GRANTED;
  }

  void giveForBody(Caller caller, long bytes) {
    bodies.give(caller, bytes);
  }

  /**
   * Sends an answer, and counts its bytes until the client has taken them.
   *
   * @param send hands them all to the connection's event loop
   * @throws SandboxException {@code busy} when others have to take theirs first
   */
  void answer(HttpServerRequest request, long bytes, Runnable send) {
    if (bytes <= SHORT) {
      send.run();
      return;
    }
    Channel channel = ((ConnectionBase) request.connection()).channel();
    Caller caller = Peers.of(channel).caller();
    if (answers.take(caller, bytes) != Shares.Grant.GRANTED) {
      throw new SandboxException(
          ErrorCode.BUSY, "Too much that was answered waits for clients that do not read it.");
    }
    try {
      send.run();
    } finally {
      // Behind the answer, so it is gone when the answer is, or when the connection is.
      channel
          .eventLoop()
          .execute(
              () ->
                  channel
                      .pipeline()
                      .firstContext()
                      .writeAndFlush(Unpooled.EMPTY_BUFFER)
                      .addListener(gone -> answers.give(caller, bytes)));
    }
  }
}
