package io.sandboxd.lifecycle;

import io.sandboxd.process.KeyedBodies;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import java.util.HexFormat;

/**
 * What makes a request the same as an earlier one (header {@code Idempotency-Key}).
 *
 * @param key chosen by the client
 * @param digest of what it asks for, so that a key used for something else is noticed
 */
public record RequestKey(String key, String digest) {
  public static RequestKey of(String key, byte[] request) {
    return new RequestKey(key, HexFormat.of().formatHex(KeyedBodies.sha256().digest(request)));
  }

  /** The key was used for another request before. */
  static SandboxException reused(String key) {
    return new SandboxException(
            ErrorCode.KEY_REUSED,
            "Idempotency-Key: '" + key + "' was used for another request: take a new key for each.")
        .with("field", "Idempotency-Key");
  }
}
