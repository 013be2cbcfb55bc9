/**
 * Links, bridges, addresses and rules, by rtnetlink(7) and nftables: what of the network is the
 * kernel's. Whose it is, the registry knows.
 */
package io.sandboxd.network;
