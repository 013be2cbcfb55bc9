package io.sandboxd.network;

import io.sandboxd.sandbox.net.BitRate;

/**
 * A rate as a token bucket keeps it (tc-tbf(8)).
 *
 * @param burst bytes that can pass at once after a pause; no packet can be larger
 * @param limit bytes that can wait
 */
record Bucket(long bytesPerSecond, int burst, int limit) {
  /**
   * The kernel looks after the bucket when a timer goes off. On a busy machine it is this late, and
   * what is due by then must be in the bucket.
   */
  private static final int LATE_MILLIS = 4;

  /** A few packets of the common size: with less, TCP does not come up to a low rate. */
  private static final int LEAST_BURST = 10_000;

  /**
   * TCP fills the line if it can have as much under way as this, and yet nothing waits for long.
   */
  private static final int WAIT_MILLIS = 25;

  private static final int LEAST_LIMIT = 32_000;
  private static final int MOST = 64_000_000;

  /** Room for the link layer's header and a VLAN's. */
  private static final int HEADERS = 32;

  /**
   * @param mtu bytes of the largest packet of the interface
   */
  static Bucket of(BitRate rate, int mtu) {
    long bytes = rate.bytesPerSecond();
    int burst = within(Math.max(LEAST_BURST, mtu + HEADERS), bytes * LATE_MILLIS / 1_000);
    return new Bucket(bytes, burst, burst + within(LEAST_LIMIT, bytes * WAIT_MILLIS / 1_000));
  }

  private static int within(int least, long bytes) {
    return (int) Math.max(least, Math.min(bytes, MOST));
  }
}
