package io.sandboxd.network;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * As much as passes from one host to another. It is a program of its own, which is run in both
 * their namespaces: sockets belong to that of who makes them.
 */
final class Traffic {
  private static final int PORT = 4_711;
  private static final int SILENCE_MILLIS = 700;

  private Traffic() {}

  /** What arrived. */
  record Arrived(long bytes, double seconds) {
    double megabits() {
      return bytes * 8 / seconds / 1e6;
    }
  }

  /**
   * Sends for a while, and waits until all of it is there.
   *
   * @param protocol tcp or udp
   */
  static Arrived send(Wires.Host from, Wires.Host to, String address, String protocol, int millis) {
    try {
      Process receiving = start(to, "receive", protocol);
      InputStream said = receiving.getInputStream();
      if (said.read() != '\n') {
        throw new IllegalStateException("no receiver");
      }
      start(from, "send", protocol, address, Integer.toString(millis));
      String[] figures = new String(said.readAllBytes(), StandardCharsets.UTF_8).trim().split(" ");
      return new Arrived(Long.parseLong(figures[0]), Long.parseLong(figures[1]) / 1e9);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Process start(Wires.Host where, String... arguments) throws IOException {
    try {
      Path classes =
          Path.of(Traffic.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp"));
      command.addAll(List.of(classes.toString(), Traffic.class.getName()));
      command.addAll(List.of(arguments));
      return where.start(command.toArray(String[]::new));
    } catch (java.net.URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  public static void main(String[] arguments) throws IOException {
    boolean tcp = arguments[1].equals("tcp");
    if (arguments[0].equals("receive")) {
      long[] got = tcp ? receiveTcp() : receiveUdp();
      System.out.println(got[0] + " " + got[1]);
    } else if (tcp) {
      sendTcp(arguments[2], Long.parseLong(arguments[3]));
    } else {
      sendUdp(arguments[2], Long.parseLong(arguments[3]));
    }
  }

  private static long[] receiveTcp() throws IOException {
    byte[] buffer = new byte[1 << 18];
    try (ServerSocket listening = new ServerSocket(PORT)) {
      System.out.println();
      try (Socket socket = listening.accept()) {
        InputStream in = socket.getInputStream();
        long start = System.nanoTime();
        long bytes = 0;
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          bytes += n;
        }
        return new long[] {bytes, System.nanoTime() - start};
      }
    }
  }

  private static void sendTcp(String address, long millis) throws IOException {
    byte[] buffer = new byte[1 << 16];
    try (Socket socket = new Socket(address, PORT)) {
      OutputStream out = socket.getOutputStream();
      for (long end = System.nanoTime() + millis * 1_000_000; System.nanoTime() < end; ) {
        out.write(buffer);
      }
    }
  }

  /** With headers, as a limit counts: Ethernet 14, IPv4 20, UDP 8. */
  private static long[] receiveUdp() throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[1 << 16], 1 << 16);
    long bytes = 0;
    long first = 0;
    long last = 0;
    try (DatagramSocket socket = new DatagramSocket(PORT)) {
      System.out.println();
      while (true) {
        try {
          socket.receive(packet);
        } catch (SocketTimeoutException e) {
          return new long[] {bytes, last - first};
        }
        last = System.nanoTime();
        if (first == 0) {
          first = last;
          socket.setSoTimeout(SILENCE_MILLIS);
        }
        bytes += packet.getLength() + 42;
      }
    }
  }

  private static void sendUdp(String address, long millis) throws IOException {
    byte[] content = new byte[1_400];
    InetSocketAddress to = new InetSocketAddress(address, PORT);
    try (DatagramSocket socket = new DatagramSocket()) {
      for (long end = System.nanoTime() + millis * 1_000_000; System.nanoTime() < end; ) {
        socket.send(new DatagramPacket(content, content.length, to));
      }
    }
  }
}
