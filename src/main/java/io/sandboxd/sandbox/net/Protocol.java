package io.sandboxd.sandbox.net;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What is carried by IP (RFC 5237), as far as rules name it. */
public enum Protocol {
  TCP,
  UDP,
  ICMP;

  @JsonValue
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * @throws IllegalArgumentException with a sentence that says what is wrong
   */
  public static Protocol of(String word) {
    for (Protocol protocol : values()) {
      if (protocol.word().equals(word)) {
        return protocol;
      }
    }
    throw new IllegalArgumentException("must be tcp, udp or icmp");
  }
}
