package io.sandboxd.network;

import io.sandboxd.sandbox.net.Cidr;
import java.util.List;

/**
 * A network, as far as the packet filter has to know it.
 *
 * @param device of the bridge, on the host
 * @param mac of the bridge: {@code 02:…}
 * @param subnets of both families; the gateway's address is the bridge's own
 * @param isolated from the other networks of this daemon
 * @param internal without a way out of the host
 */
public record BridgeRules(
    String device, String mac, List<Cidr> subnets, boolean isolated, boolean internal) {}
