package io.sandboxd.api;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.sandboxd.sandbox.Settings;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.impl.ConnectionBase;
import jakarta.inject.Singleton;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Closes connections whose client does not take what it was sent: when not one byte has gone out
 * for the idle timeout though there are some to go. A slow reader is none of these.
 */
@Singleton
public final class StalledAnswers {
  private final Set<Progress> watched = ConcurrentHashMap.newKeySet();
  private final long timeoutNanos;

  StalledAnswers(Vertx vertx, Settings settings) {
    timeoutNanos = settings.idleTimeout().toNanos();
    vertx.setPeriodic(
        Math.max(1, settings.idleTimeout().toMillis() / 2),
        tick -> watched.forEach(each -> each.channel.eventLoop().execute(each::look)));
  }

  /** To be told of every connection there is. */
  public void opened(HttpConnection connection) {
    Channel channel = ((ConnectionBase) connection).channel();
    Progress progress = new Progress(channel);
    channel.pipeline().addFirst(progress);
    watched.add(progress);
    channel.closeFuture().addListener(closed -> watched.remove(progress));
  }

  /** The answer to this request sets its own pace by contract, and holds little. */
  static void mayWait(HttpServerRequest request) {
    Channel channel = ((ConnectionBase) request.connection()).channel();
    channel.pipeline().get(Progress.class).mayWait = true;
  }

  /** Of one connection; all on its event loop. */
  private final class Progress extends ChannelOutboundHandlerAdapter {
    private final Channel channel;
    private boolean mayWait;
    private long pieces;
    private long piecesSeen;
    private long bytesOfPieceSeen;
    private long sinceNanos = System.nanoTime();

    Progress(Channel channel) {
      this.channel = channel;
    }

    @Override
    public void write(ChannelHandlerContext context, Object piece, ChannelPromise promise) {
      var unused = context.write(piece, promise.unvoid().addListener(gone -> pieces++));
    }

    private void look() {
      ChannelOutboundBuffer waiting = channel.unsafe().outboundBuffer();
      if (waiting == null) {
        return;
      }
      long bytesOfPiece = waiting.currentProgress();
      long now = System.nanoTime();
      if (waiting.isEmpty() || pieces != piecesSeen || bytesOfPiece != bytesOfPieceSeen) {
        sinceNanos = now;
        piecesSeen = pieces;
        bytesOfPieceSeen = bytesOfPiece;
      } else if (!mayWait && now - sinceNanos > timeoutNanos) {
        // Not from the other end of the pipeline: there one would wait for what is to go out.
        var unused = channel.pipeline().firstContext().close();
      }
    }
  }
}
