package io.sandboxd.lifecycle;

import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
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
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(request);
      return new RequestKey(key, HexFormat.of().formatHex(digest));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** The key was used for another request before. */
  public SandboxException reused() {
    return new SandboxException(
            ErrorCode.KEY_REUSED,
            "Idempotency-Key: '" + key + "' was used for another request: take a new key for each.")
        .with("field", "Idempotency-Key");
  }
}
