package io.sandboxd.daemon;

import io.quarkus.vertx.http.runtime.VertxHttpRecorder;
import io.sandboxd.api.ProblemRoutes;
import io.sandboxd.linux.Fd;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.SocketAddress;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** HTTP/1.1 on a Unix socket, for all that the application serves. */
final class HttpListener {
  private static final int EVENT_LOOPS = 2;
  private static final int BACKLOG = 1024;
  private static final int MAX_HEADER_BYTES = 32 * 1024;
  private static final int MAX_REQUEST_LINE_BYTES = 16 * 1024;
  private static final long TIMEOUT_SECONDS = 30;

  private final Vertx vertx;
  private final Handler<HttpConnection> opened;

  /**
   * @param opened told of every connection
   */
  HttpListener(Vertx vertx, Handler<HttpConnection> opened) {
    this.vertx = vertx;
    this.opened = opened;
  }

  /** Binds a socket. Returns once connections are accepted. */
  void open(Path path) throws Exception {
    listen(SocketAddress.domainSocketAddress(path.toString()));
  }

  /** Goes on with a socket that is bound. Returns once connections are accepted. */
  void open(Fd bound) throws Exception {
    ListenerTransport.listenNextOn(bound);
    // An address of its own for each, by which Vert.x tells servers apart.
    listen(SocketAddress.domainSocketAddress(bound.procPath()));
  }

  /** Accepts no connection any more; those that there are live on, and each is known. */
  void close() {
    ListenerTransport.stopListening();
    // One that was accepted last is handed to its event loop by a task, which may leave another.
    for (int round = 0; round < 2; round++) {
      vertx.nettyEventLoopGroup().forEach(loop -> loop.submit(() -> {}).awaitUninterruptibly());
    }
  }

  private void listen(SocketAddress address) throws Exception {
    HttpServerOptions options =
        new HttpServerOptions()
            .setHttp2ClearTextEnabled(false)
            .setAcceptBacklog(BACKLOG)
            .setMaxHeaderSize(MAX_HEADER_BYTES)
            .setMaxInitialLineLength(MAX_REQUEST_LINE_BYTES);
    vertx
        .deployVerticle(
            () -> new Acceptor(options, address, opened),
            new DeploymentOptions().setInstances(EVENT_LOOPS))
        .toCompletionStage()
        .toCompletableFuture()
        .get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  /** One event loop's share of the connections. */
  private static final class Acceptor extends AbstractVerticle {
    private final HttpServerOptions options;
    private final SocketAddress address;
    private final Handler<HttpConnection> opened;

    Acceptor(HttpServerOptions options, SocketAddress address, Handler<HttpConnection> opened) {
      this.opened = opened;
      this.options = options;
      this.address = address;
    }

    @Override
    public void start(Promise<Void> started) {
      HttpServer server = vertx.createHttpServer(options);
      server
          .connectionHandler(opened)
          .invalidRequestHandler(ProblemRoutes::answerInvalid)
          .requestHandler(ProblemRoutes.refuseInvalid(VertxHttpRecorder.getRootHandler()))
          .listen(address)
          .<Void>mapEmpty()
          .onComplete(started);
    }
  }
}
