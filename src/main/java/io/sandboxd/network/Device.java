package io.sandboxd.network;

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
    int index, String name, String mac, String alias, boolean up, int mtu, Counters counters) {

  /** What passed it (struct rtnl_link_stats64). */
  public record Counters(
      long rxBytes,
      long rxPackets,
      long rxErrors,
      long rxDropped,
      long txBytes,
      long txPackets,
      long txErrors,
      long txDropped) {}
}
