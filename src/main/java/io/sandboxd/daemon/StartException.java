package io.sandboxd.daemon;

/** The daemon cannot start, and the message is all an operator needs to mend it. */
final class StartException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Of sysexits.h: something was configured wrongly; starting again will not help. */
  static final int CONFIGURATION = 78;

  /** Of sysexits.h: something is in the way now. */
  static final int UNAVAILABLE = 69;

  private final int exitCode;

  private StartException(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  static StartException configuration(String message) {
    return new StartException(CONFIGURATION, message);
  }

  static StartException unavailable(String message) {
    return new StartException(UNAVAILABLE, message);
  }

  int exitCode() {
    return exitCode;
  }
}
