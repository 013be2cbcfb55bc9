package io.sandboxd.network;

import java.security.SecureRandom;
import java.util.HexFormat;

/** Addresses of Ethernet interfaces, as text: {@code 02:1a:…}. */
public final class MacAddress {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final HexFormat FORM = HexFormat.ofDelimiter(":");
  private static final int LENGTH = 6;

  private MacAddress() {}

  /** One that no manufacturer has given out: locally administered, of one interface (IEEE 802). */
  public static String random() {
    byte[] bytes = new byte[LENGTH];
    RANDOM.nextBytes(bytes);
    bytes[0] = (byte) ((bytes[0] & 0xfc) | 0x02);
    return FORM.formatHex(bytes);
  }

  static byte[] bytes(String text) {
    return FORM.parseHex(text);
  }

  static String text(byte[] bytes) {
    return FORM.formatHex(bytes);
  }
}
