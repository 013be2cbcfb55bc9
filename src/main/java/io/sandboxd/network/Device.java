package io.sandboxd.network;

import io.sandboxd.sandbox.net.InterfaceCounters;

/**
 * A network interface that there is.
 *
 * @param index its number in its namespace
 * @param name 1 to 15 bytes
 * @param alias what its maker has noted with it; null: nothing
 * @param up whether it is switched on
 * @param counters since it was made
 */
public record Device(
    int index,
    String name,
    String mac,
    String alias,
    boolean up,
    int mtu,
    InterfaceCounters counters) {
  private static final int LOOPBACK = 1;

  /** Each namespace has one, which is its first interface. */
  public boolean isLoopback() {
    return index == LOOPBACK;
  }
}
