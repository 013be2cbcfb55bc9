package io.sandboxd.lifecycle;

import java.time.Duration;

/** How long the daemon waits for what should take no time. */
final class Timeouts {
  /** For a killed process to be gone; longer only when it hangs in the kernel. */
  static final int KILL_MILLIS = 10_000;

  /** Between the first sign that a process is dying and its death. */
  static final int DYING_MILLIS = 200;

  /** Between TERM and KILL for a process whose time is up. */
  static final Duration GRACE = Duration.ofSeconds(2);

  /** For all inits to tell what they know, before a new daemon serves without. */
  static final Duration RECOVERY = Duration.ofSeconds(5);

  /** Before an init that lives and cannot be heard is connected to again. */
  static final Duration RECONNECT = Duration.ofSeconds(1);

  private Timeouts() {}
}
