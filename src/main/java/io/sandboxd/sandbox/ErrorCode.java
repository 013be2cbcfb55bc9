package io.sandboxd.sandbox;

import java.util.Locale;

/**
 * The stable words by which clients tell failures apart (the {@code code} of a problem). What HTTP
 * status each has is the business of the api package alone.
 */
public enum ErrorCode {
  /** The request is not HTTP or JSON as the contract asks. */
  MALFORMED,
  /** The request is understood, and asks for something that cannot be; {@code field} says where. */
  INVALID_SPEC,
  NOT_FOUND,
  NAME_IN_USE,
  /** A subnet, an address or a port of the host is another's. */
  ADDRESS_IN_USE,
  WRONG_STATE,
  NOT_PERMITTED,
  /** A limit of the daemon, not of a sandbox. */
  LIMIT_EXCEEDED,
  /** The kernel refused; {@code step}, {@code syscall}, {@code errno} say what. */
  LAUNCH_FAILED,
  PAYLOAD_TOO_LARGE,
  METHOD_NOT_ALLOWED,
  NOT_ACCEPTABLE,
  UNSUPPORTED_MEDIA_TYPE,
  /** The request did not arrive in time. */
  REQUEST_TIMEOUT,
  RANGE_NOT_SATISFIABLE,
  /** An Idempotency-Key was used for another request before. */
  KEY_REUSED,
  BUSY,
  INTERNAL;

  /** The word as clients see it, e.g. {@code name_in_use}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
