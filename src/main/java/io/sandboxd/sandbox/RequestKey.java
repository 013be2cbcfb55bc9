package io.sandboxd.sandbox;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What makes a request the same as an earlier one (header {@code Idempotency-Key}).
 *
 * @param key chosen by the client
 * @param digest of what it asks for, so that a key used for something else is noticed
 */
public record RequestKey(String key, String digest) {
  public static RequestKey of(String key, byte[] request) {
    return new RequestKey(key, HexFormat.of().formatHex(sha256().digest(request)));
  }

  /** The key was used for another request before. */
  public static SandboxException reused(String key) {
    return new SandboxException(
            ErrorCode.KEY_REUSED,
            "Idempotency-Key: '" + key + "' was used for another request: take a new key for each.")
        .with("field", "Idempotency-Key");
  }

  /** Every Java has it (java.security.MessageDigest). */
  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
