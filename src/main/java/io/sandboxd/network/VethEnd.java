package io.sandboxd.network;

import io.sandboxd.linux.Fd;

/**
 * One of the two interfaces at the ends of a cable.
 *
 * @param namespace the network namespace it is in; null: that of the conversation
 * @param name 1 to 15 bytes
 * @param mtu bytes of the largest packet, 68 to 65535
 */
record VethEnd(Fd namespace, String name, String mac, int mtu) {}
