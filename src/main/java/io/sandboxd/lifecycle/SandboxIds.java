package io.sandboxd.lifecycle;

import java.security.SecureRandom;
import java.util.HexFormat;

/** Ids of sandboxes: 64 random bits, so that none is ever used for two. */
final class SandboxIds {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int BYTES = 8;

  private SandboxIds() {}

  static String random() {
    byte[] bytes = new byte[BYTES];
    RANDOM.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /** For a sandbox that was given none. */
  static String nameOf(String id) {
    return "sandbox-" + id.substring(0, 8);
  }
}
