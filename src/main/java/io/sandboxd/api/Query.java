package io.sandboxd.api;

import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.Durations;
import io.sandboxd.sandbox.SandboxException;
import java.time.Duration;

/** Values of query parameters, which are read as strictly as JSON. */
final class Query {
  private Query() {}

  /** {@code true} or {@code false}; false if it is not there. */
  static boolean flag(String name, String value) {
    if (value == null || value.equals("false")) {
      return false;
    }
    if (value.equals("true")) {
      return true;
    }
    throw SandboxException.invalid(name, "must be true or false");
  }

  /** 0 or more; null if it is not there. */
  static Long count(String name, String value) {
    if (value == null) {
      return null;
    }
    if (!value.matches("\\d{1,18}")) {
      throw SandboxException.invalid(name, "must be a whole number, 0 or more");
    }
    return Long.valueOf(value);
  }

  /** In bytes, as in JSON; null if it is not there. */
  static ByteSize size(String name, String value) {
    try {
      return value == null ? null : ByteSize.parse(value);
    } catch (IllegalArgumentException e) {
      throw SandboxException.invalid(name, e.getMessage());
    }
  }

  /** The header Idempotency-Key; null if it is not there. */
  static String key(String header) {
    if (header != null && !header.matches("[\\x20-\\x7e]{1,255}")) {
      throw SandboxException.invalid(
          "Idempotency-Key", "must be 1 to 255 printable characters of ASCII");
    }
    return header;
  }

  /** 0 or more. */
  static Duration duration(String name, String value) {
    try {
      Duration duration = Durations.parse(value);
      if (!duration.isNegative()) {
        return duration;
      }
    } catch (IllegalArgumentException e) {
      throw SandboxException.invalid(name, e.getMessage());
    }
    throw SandboxException.invalid(name, "must not be negative");
  }
}
