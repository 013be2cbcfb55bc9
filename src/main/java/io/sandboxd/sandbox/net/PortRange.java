package io.sandboxd.sandbox.net;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Ports of tcp or udp, the ends included: in JSON a number, or {@code "8000-8999"}.
 *
 * @param from 1 to 65535
 * @param to {@code from} to 65535
 */
public record PortRange(int from, int to) {
  private static final Pattern TEXT = Pattern.compile("(\\d{1,5})(?:-(\\d{1,5}))?");

  public PortRange {
    if (from < 1 || to < from || to > 65_535) {
      throw new IllegalArgumentException("ports are 1 to 65535, a range as \"8000-8999\"");
    }
  }

  /**
   * @throws IllegalArgumentException with a sentence that says what is wrong
   */
  public static PortRange parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("ports are a number, or a range such as \"8000-8999\"");
    }
    int from = Integer.parseInt(matcher.group(1));
    return new PortRange(
        from, matcher.group(2) == null ? from : Integer.parseInt(matcher.group(2)));
  }

  /** One port. */
  public static PortRange of(long port) {
    int only = (int) Math.max(0, Math.min(port, 65_536));
    return new PortRange(only, only);
  }

  @JsonValue
  @Override
  public String toString() {
    return from == to ? Integer.toString(from) : from + "-" + to;
  }
}
