package io.sandboxd.api;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * Bounds the requests that a client sends on one connection before it gets an answer (RFC 9112,
 * 9.3.2): the server would keep any number. The first one too many is answered in its turn with a
 * problem that ends the connection; what comes behind it is not looked at.
 */
public final class Pipelining extends ChannelDuplexHandler {
  static final int MAX_UNANSWERED = 64;

  /** Vert.x's name for what hands requests to it. */
  private static final String SERVER = "handler";

  private int unanswered;
  private boolean over;

  private Pipelining() {}

  /** To be told of every connection there is. */
  public static void bound(HttpConnection connection) {
    ((ConnectionBase) connection).channel().pipeline().addBefore(SERVER, null, new Pipelining());
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
    if (over) {
      ReferenceCountUtil.release(message);
      return;
    }
    if (message instanceof HttpMessage request && ++unanswered > MAX_UNANSWERED) {
      over = true;
      request.setDecoderResult(DecoderResult.failure(new TooManyException()));
      super.channelRead(context, request);
      super.channelRead(context, LastHttpContent.EMPTY_LAST_CONTENT);
      return;
    }
    super.channelRead(context, message);
  }

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise)
      throws Exception {
    boolean interim =
        message instanceof HttpResponse answer
            && answer.status().codeClass() == HttpStatusClass.INFORMATIONAL;
    if (message instanceof LastHttpContent && !interim) {
      unanswered--;
    }
    super.write(context, message, promise);
  }

  /** What is wrong with a request behind too many others. */
  static final class TooManyException extends Exception {
    private static final long serialVersionUID = 1;

    TooManyException() {
      super("more than " + MAX_UNANSWERED + " requests without an answer", null, false, false);
    }
  }
}
