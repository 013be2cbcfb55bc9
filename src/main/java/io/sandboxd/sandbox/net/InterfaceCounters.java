package io.sandboxd.sandbox.net;

/**
 * What passed a network interface since it was made (struct rtnl_link_stats64, linux/if_link.h), as
 * it is seen from within: {@code rx} is what it got.
 */
public record InterfaceCounters(
    long rxBytes,
    long rxPackets,
    long rxErrors,
    long rxDropped,
    long txBytes,
    long txPackets,
    long txErrors,
    long txDropped) {}
