package io.sandboxd.sandbox.net;

import io.sandboxd.sandbox.SandboxSpec;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.util.List;

/**
 * A network to be made: a bridge of the host.
 *
 * @param name default made up
 * @param subnets at most one of each family; default: the next free one of {@code
 *     sandboxd.network-pool}
 * @param gateways of the subnets, the host's own addresses there; default the first ones
 * @param internal without a way out of the host; default false
 * @param isolated from the other networks; default true
 * @param shared whether others than admins may have sandboxes in it; default false
 * @param mtu of the bridge and its members, 68 to 65535 bytes; default 1500
 */
public record NetworkRequest(
    @Pattern(regexp = SandboxSpec.NAME, message = SandboxSpec.NAME_RULE) String name,
    @Size(min = 1, max = 2, message = "must be one, or one of each family")
        List<@NotNull(message = "must not be null") Cidr> subnets,
    @Size(max = 2, message = "can be one of each family")
        List<@NotNull(message = "must not be null") IpAddress> gateways,
    Boolean internal,
    Boolean isolated,
    Boolean shared,
    @Mtu Integer mtu) {}
