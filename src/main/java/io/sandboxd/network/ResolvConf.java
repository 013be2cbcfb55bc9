package io.sandboxd.network;

import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.NetworkSpec;
import io.sandboxd.sandbox.net.NetworkSpec.Dns;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a sandbox is told of nameservers (resolv.conf(5)). */
public final class ResolvConf {
  /** The second is there where the first names but a resolver of the host itself. */
  private static final List<Path> OF_HOST =
      List.of(Path.of("/etc/resolv.conf"), Path.of("/run/systemd/resolve/resolv.conf"));

  private static final String SERVER = "nameserver";
  private static final String SEARCH = "search";

  private ResolvConf() {}

  /**
   * @param dns null: as on the host
   * @param outward whether the host's nameservers can be reached at all
   */
  public static String text(Dns dns, boolean outward) {
    return text(dns, outward ? ofHost() : List.of());
  }

  static String text(Dns dns, List<String> ofHost) {
    StringBuilder text = new StringBuilder();
    if (dns != null && dns.servers() != null) {
      dns.servers().forEach(server -> line(text, SERVER, server.toString()));
    } else {
      copy(text, ofHost, SERVER);
    }
    if (dns != null && dns.search() != null) {
      line(text, SEARCH, String.join(" ", dns.search()));
    } else {
      copy(text, ofHost, SEARCH);
    }
    List<String> options = dns == null ? List.of() : NetworkSpec.or(dns.options());
    line(text, "options", String.join(" ", options));
    return text.toString();
  }

  private static void copy(StringBuilder text, List<String> lines, String keyword) {
    lines.stream()
        .filter(line -> line.startsWith(keyword + " "))
        .forEach(line -> line(text, keyword, line.substring(keyword.length() + 1).strip()));
  }

  private static void line(StringBuilder text, String keyword, String value) {
    if (!value.isEmpty()) {
      text.append(keyword).append(' ').append(value).append('\n');
    }
  }

  /** Those lines of the host's that mean the same elsewhere. */
  private static List<String> ofHost() {
    for (Path file : OF_HOST) {
      try {
        List<String> useful = useful(Files.readAllLines(file, StandardCharsets.ISO_8859_1));
        if (useful.stream().anyMatch(line -> line.startsWith(SERVER))) {
          return useful;
        }
      } catch (IOException e) {
        // The next one, then.
      }
    }
    return List.of();
  }

  /** A resolver on the host's loopback is none in a sandbox. */
  static List<String> useful(List<String> lines) {
    List<String> useful = new ArrayList<>();
    for (String line : lines) {
      String words = line.strip().replaceAll("[ \t]+", " ");
      if (words.startsWith(SEARCH + " ")
          || (words.startsWith(SERVER + " ") && isElsewhere(words))) {
        useful.add(words);
      }
    }
    return useful;
  }

  private static boolean isElsewhere(String words) {
    try {
      return !IpAddress.parse(words.substring(SERVER.length() + 1)).isLoopback();
    } catch (IllegalArgumentException e) {
      return false; // with a zone, which is the host's
    }
  }
}
