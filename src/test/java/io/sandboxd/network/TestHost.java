package io.sandboxd.network;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import jnr.ffi.LibraryLoader;

/**
 * A network namespace, and a thread that is in it: what is run on that thread, what it starts, and
 * the sockets it makes are there. It goes with the last of them.
 */
final class TestHost implements AutoCloseable {
  private static final int CLONE_NEWNET = 0x40000000;
  private static final int REFUSED_AFTER = 1_500;
  private static final int PATIENCE = 20_000;

  /** Public for the binding. */
  public interface C {
    int unshare(int flags);
  }

  private static final C LIBC = LibraryLoader.create(C.class).load("c");

  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private final List<AutoCloseable> open = new ArrayList<>();
  private final BlockingQueue<String> datagrams = new LinkedBlockingQueue<>();

  /** As ip(8) takes it for {@code netns}. */
  final String tid;

  TestHost() {
    tid =
        on(
            () -> {
              assertEquals(0, LIBC.unshare(CLONE_NEWNET), "unshare(CLONE_NEWNET)");
              return Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName().toString();
            });
    sh("ip link set lo up");
  }

  <T> T on(Callable<T> call) {
    try {
      return thread.submit(call).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException unchecked) {
        throw unchecked;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  void run(Runnable call) {
    on(Executors.callable(call));
  }

  /** What it writes; it has to succeed. */
  String sh(String script) {
    return on(
        () -> {
          Process shell = new ProcessBuilder("sh", "-ec", script).redirectErrorStream(true).start();
          String output = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
          assertEquals(0, shell.waitFor(), () -> script + ": " + output);
          return output;
        });
  }

  /** Answers on a port of tcp and of udp with the address of who asks. */
  void serve(int port) {
    on(
        () -> {
          ServerSocket tcp = new ServerSocket(port);
          DatagramSocket udp = new DatagramSocket(port);
          open.add(tcp);
          open.add(udp);
          daemon(() -> answer(tcp));
          daemon(() -> answer(udp));
          return null;
        });
  }

  private static void daemon(Runnable task) {
    Thread made = new Thread(task, "test-host");
    made.setDaemon(true);
    made.start();
  }

  private static void answer(ServerSocket server) {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        daemon(() -> echo(client));
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  /** The address, and then all that is sent. */
  private static void echo(Socket client) {
    try (client) {
      client
          .getOutputStream()
          .write((plain(client.getInetAddress()) + "\n").getBytes(StandardCharsets.UTF_8));
      client.getInputStream().transferTo(client.getOutputStream());
    } catch (IOException e) {
      // It is the client that tells.
    }
  }

  private void answer(DatagramSocket server) {
    DatagramPacket packet = new DatagramPacket(new byte[100], 100);
    while (!server.isClosed()) {
      try {
        packet.setLength(100);
        server.receive(packet);
        String from = plain(packet.getAddress());
        datagrams.add(from);
        byte[] bytes = from.getBytes(StandardCharsets.UTF_8);
        server.send(new DatagramPacket(bytes, bytes.length, packet.getSocketAddress()));
      } catch (SocketException e) {
        if (server.isClosed()) {
          return;
        }
      } catch (IOException e) {
        return;
      }
    }
  }

  private static String plain(InetAddress address) {
    return io.sandboxd.sandbox.net.IpAddress.of(address.getAddress()).toString();
  }

  /** Who has sent the next datagram to the port that this serves. */
  String nextDatagram() throws InterruptedException {
    return datagrams.poll(PATIENCE, TimeUnit.MILLISECONDS);
  }

  /** The address that the server sees, or what went wrong. */
  String tcp(String to, int port) {
    try (Socket socket = connect(to, port)) {
      return line(socket);
    } catch (IOException e) {
      return failure(e);
    }
  }

  Socket connect(String to, int port) throws IOException {
    try {
      return on(
          () -> {
            Socket socket = new Socket();
            try {
              socket.connect(new InetSocketAddress(to, port), REFUSED_AFTER);
              socket.setSoTimeout(PATIENCE);
              return socket;
            } catch (IOException e) {
              socket.close();
              throw e;
            }
          });
    } catch (IllegalStateException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw e;
    }
  }

  static String line(Socket socket) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = socket.getInputStream().read();
        c >= 0 && c != '\n';
        c = socket.getInputStream().read()) {
      line.append((char) c);
    }
    return line.toString();
  }

  /** The address that the server sees, or what went wrong. */
  String udp(String to, int port) {
    return on(
        () -> {
          try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(new InetSocketAddress(to, port));
            socket.setSoTimeout(REFUSED_AFTER);
            socket.send(new DatagramPacket(new byte[] {'?'}, 1));
            DatagramPacket answer = new DatagramPacket(new byte[100], 100);
            socket.receive(answer);
            return new String(answer.getData(), 0, answer.getLength(), StandardCharsets.UTF_8);
          } catch (IOException e) {
            return failure(e);
          }
        });
  }

  /** One datagram, for no answer. */
  void send(String from, String to, int port) {
    on(
        () -> {
          try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getByName(from))) {
            socket.send(new DatagramPacket(new byte[] {'!'}, 1, new InetSocketAddress(to, port)));
          }
          return null;
        });
  }

  private static String failure(IOException e) {
    return e instanceof SocketTimeoutException ? "nothing" : "refused: " + e;
  }

  @Override
  public void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    thread.shutdownNow();
  }
}
