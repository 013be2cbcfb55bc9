package io.sandboxd.api;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.ExecRequest;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.Settings;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.util.function.IntFunction;

/**
 * Bounds what the daemon holds for its clients: bodies that have come in and are worked on, and
 * answers that nobody has taken yet. Both are shares of the heap, which has a size that the
 * operator chose.
 */
@Singleton
final class Memory {
  /** An answer so short is sent at once, as the socket takes it. */
  static final int SHORT = 64 * 1024;

  /** So much of both outputs of a process is a short answer, whatever it is. */
  private static final int LITTLE = SHORT / 16;

  /** A body becomes objects that take many times as much. */
  private static final long HEAP_BY_BODIES = 16;

  private static final long HEAP_BY_ANSWERS = 4;

  /**
   * What a result may have of one output: as JSON it takes six times as much at worst, and twice
   * while it is made.
   */
  private static final long HEAP_BY_OUTPUT = 96;

  private static final String HELD = Memory.class.getName();

  /** Who is no admin has one part in so many of what there is for bodies, and all but one else. */
  private static final long USERS = 4;

  private final Shares bodies;
  private final Shares answers;

  /** Nothing that an event loop waits for: to make an answer takes long. */
  private final Object making = new Object();

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

  /** How much of each output of a process a result may have, in bytes. */
  int mostOutput() {
    return (int)
        Math.min(
            Runtime.getRuntime().maxMemory() / HEAP_BY_OUTPUT,
            ExecRequest.LARGEST_MAX_OUTPUT.bytes());
  }

  /** To be called before {@link #make}, while the client is known to be there. */
  void expectAnswer(RoutingContext context) {
    Held held = new Held(answers, Peers.of(context.request()).caller());
    context.put(HELD, held);
    Call.whenOver(context, held::giveBack);
  }

  /**
   * Makes a long answer, of which no two are made at a time, and counts it from then on. When
   * others have to take theirs first it has less of the output: what was asked for is done, so how
   * it ended has to be told.
   *
   * @param output bytes of each output that it may have
   * @param maker makes it with so many at most
   */
  byte[] make(RoutingContext context, int output, IntFunction<byte[]> maker) {
    synchronized (making) {
      byte[] answer = maker.apply(output);
      Held held = context.get(HELD);
      return answer.length <= SHORT || held.take(answer.length)
          ? answer
          : maker.apply(Math.min(output, LITTLE));
    }
  }

  /**
   * Sends an answer, and counts its bytes until the client has taken them.
   *
   * @param send hands them all to the connection's event loop
   * @throws SandboxException {@code busy} when others have to take theirs first
   */
  void answer(RoutingContext context, long bytes, Runnable send) {
    Held held = context.get(HELD);
    if (bytes <= SHORT || (held != null && held.isOver())) { // nobody is there to be waited for
      send.run();
      return;
    }
    Channel channel = ((ConnectionBase) context.request().connection()).channel();
    Caller caller = Peers.of(channel).caller();
    boolean counted = held != null && held.passOn(bytes);
    if (!counted && answers.take(caller, bytes) != Shares.Grant.GRANTED) {
      throw busy();
    }
    try {
      send.run();
    } finally {
      channel.eventLoop().execute(() -> giveWhenGone(channel, caller, bytes));
    }
  }

  private void giveWhenGone(Channel channel, Caller caller, long bytes) {
    ChannelHandlerContext first = channel.pipeline().firstContext();
    if (first == null) { // the connection is gone, and the answer with it
      answers.give(caller, bytes);
    } else {
      // Behind the answer, so it is gone when the answer is, or when the connection is.
      first.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(gone -> answers.give(caller, bytes));
    }
  }

  private static SandboxException busy() {
    return new SandboxException(
        ErrorCode.BUSY, "Too much that was answered waits for clients that do not read it.");
  }

  /** What one answer takes until it is sent; given back if it never is. */
  private static final class Held {
    private final Shares answers;
    private final Caller caller;
    private long bytes;
    private boolean over;

    Held(Shares answers, Caller caller) {
      this.answers = answers;
      this.caller = caller;
    }

    synchronized boolean take(long count) {
      if (over || answers.take(caller, count) != Shares.Grant.GRANTED) {
        return false;
      }
      bytes = count;
      return true;
    }

    /** Whether so much is held, which the caller has to give back from now on. */
    synchronized boolean passOn(long count) {
      if (bytes != count) {
        return false;
      }
      bytes = 0;
      return true;
    }

    /** Whether the request is, so that nobody will read the answer. */
    synchronized boolean isOver() {
      return over;
    }

    synchronized void giveBack() {
      over = true;
      answers.give(caller, bytes);
      bytes = 0;
    }
  }
}
