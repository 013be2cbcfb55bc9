package io.sandboxd.it;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import jnr.unixsocket.UnixSocketAddress;
import jnr.unixsocket.UnixSocketChannel;
import org.apache.http.client.HttpClient;
import org.apache.http.conn.scheme.Scheme;
import org.apache.http.conn.scheme.SchemeRegistry;
import org.apache.http.conn.scheme.SchemeSocketFactory;
import org.apache.http.impl.client.DefaultHttpClient;
import org.apache.http.impl.conn.BasicClientConnectionManager;
import org.apache.http.params.HttpParams;

/** The HTTP client that REST Assured uses, with every connection going to one Unix socket. */
@SuppressWarnings("deprecation") // REST Assured works with this generation of the client only
final class UnixSocketClient implements SchemeSocketFactory {
  private static final int ANY_PORT = 80;

  private final Path socket;

  private UnixSocketClient(Path socket) {
    this.socket = socket;
  }

  static HttpClient to(Path socket) {
    SchemeRegistry schemes = new SchemeRegistry();
    schemes.register(new Scheme("http", ANY_PORT, new UnixSocketClient(socket)));
    DefaultHttpClient client = new DefaultHttpClient(new BasicClientConnectionManager(schemes));
    // A failure is what a test is to see.
    client.setHttpRequestRetryHandler((failure, count, context) -> false);
    return client;
  }

  @Override
  public Socket createSocket(HttpParams params) throws IOException {
    return UnixSocketChannel.create().socket();
  }

  @Override
  public Socket connectSocket(
      Socket created, InetSocketAddress remote, InetSocketAddress local, HttpParams params)
      throws IOException {
    created.connect(new UnixSocketAddress(socket.toFile()));
    return created;
  }

  @Override
  public boolean isSecure(Socket any) {
    return false;
  }
}
