package io.sandboxd.sandbox.net;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sandboxd.sandbox.SandboxSpec;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.util.List;
import java.util.Map;

/**
 * What a sandbox has of networks, in a network namespace of its own; without any of it there is the
 * loopback alone.
 *
 * @param networks it is a member of; the first one that leads out has the default route
 * @param links cables to other sandboxes
 * @param routes beside those
 * @param ports of the host that lead to it, over the first of its networks
 * @param egress where it may connect to over its networks; default everywhere
 * @param rates of its interfaces on networks, by name
 * @param dns default: the host's nameservers, if there is a way out
 */
public record NetworkSpec(
    @Size(max = 8, message = "can have at most 8 networks")
        List<@NotNull(message = "must not be null") @Valid Attachment> networks,
    @Size(max = 16, message = "can have at most 16 links")
        List<@NotNull(message = "must not be null") @Valid Cable> links,
    @Size(max = 64, message = "can have at most 64 routes")
        List<@NotNull(message = "must not be null") @Valid Route> routes,
    @Size(max = 64, message = "can have at most 64 ports")
        List<@NotNull(message = "must not be null") @Valid PublishedPort> ports,
    @Valid Egress egress,
    @Size(max = 8, message = "can have rates for at most 8 interfaces")
        Map<String, @NotNull(message = "must not be null") @Valid Rates> rates,
    @Valid Dns dns) {

  private static final String NAMESERVER_WORD = "[a-zA-Z0-9_.:-]{1,128}";
  private static final String WORD_RULE =
      "must be 1 to 128 of the characters a-z, A-Z, 0-9, _, ., : and -";

  /**
   * @param name of the network
   * @param device (JSON: {@code interface}) default {@code eth0}, {@code eth1}, …
   * @param addresses at most one of each family, in the network's subnets and free; default: the
   *     next free ones
   */
  public record Attachment(
      @NotNull(message = "must be given: a network's name")
          @Pattern(regexp = SandboxSpec.NAME, message = SandboxSpec.NAME_RULE)
          String name,
      @JsonProperty("interface") InterfaceName device,
      @Size(max = 2, message = "can have one of each family")
          List<@NotNull(message = "must not be null") IpAddress> addresses) {
    /**
     * @param index of this one among the networks
     */
    public InterfaceName deviceAt(int index) {
      return device == null ? InterfaceName.numbered(index) : device;
    }
  }

  /**
   * The sandbox's own end of a cable, and the other one.
   *
   * @param name of the link; default made up
   * @param device (JSON: {@code interface}) must be given
   * @param mtu of both ends, 68 to 65535 bytes; default 1500
   */
  public record Cable(
      @Pattern(regexp = SandboxSpec.NAME, message = SandboxSpec.NAME_RULE) String name,
      @JsonProperty("interface") InterfaceName device,
      @Size(max = 8, message = "can have at most 8 addresses")
          List<@NotNull(message = "must not be null") Cidr> addresses,
      @NotNull(message = "must be given: the other end") @Valid LinkSpec.End peer,
      @Mtu Integer mtu,
      @Valid Conditions conditions) {}

  /**
   * @param destination a network, 0.0.0.0/0 or ::/0 for all there is no other route to
   * @param gateway through which it is reached; null: it is behind the interface itself
   * @param device (JSON: {@code interface}) default: that through which the gateway is reached
   */
  public record Route(
      @NotNull(message = "must be given: a network such as 10.1.0.0/16") Cidr destination,
      IpAddress gateway,
      @JsonProperty("interface") InterfaceName device) {}

  /**
   * @param ingress to the sandbox; null: no limit
   * @param egress from the sandbox; null: no limit
   */
  public record Rates(BitRate ingress, BitRate egress) {}

  /**
   * What {@code /etc/resolv.conf} says (resolv.conf(5)).
   *
   * @param servers default the host's
   */
  public record Dns(
      @Size(max = 3, message = "can have at most 3 servers")
          List<@NotNull(message = "must not be null") IpAddress> servers,
      @Size(max = 6, message = "can have at most 6 domains")
          List<
                  @NotNull(message = "must not be null")
                  @Pattern(regexp = NAMESERVER_WORD, message = WORD_RULE) String>
              search,
      @Size(max = 16, message = "can have at most 16 options")
          List<
                  @NotNull(message = "must not be null")
                  @Pattern(regexp = NAMESERVER_WORD, message = WORD_RULE) String>
              options) {}

  /** The same with other rules and rates. */
  public NetworkSpec with(Egress otherEgress, Map<String, Rates> otherRates) {
    return new NetworkSpec(networks, links, routes, ports, otherEgress, otherRates, dns);
  }

  /** None for null. */
  public static <T> List<T> or(List<T> list) {
    return list == null ? List.of() : list;
  }
}
