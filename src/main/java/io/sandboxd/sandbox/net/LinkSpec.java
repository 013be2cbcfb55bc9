package io.sandboxd.sandbox.net;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sandboxd.sandbox.SandboxSpec;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.util.List;

/**
 * A cable between two sandboxes: a pair of veth(4) interfaces.
 *
 * @param name default made up
 * @param ends two of them
 * @param mtu of both, 68 to 65535 bytes; default 1500
 * @param conditions of what is sent from either end; default as fast as the machine is
 */
public record LinkSpec(
    @Pattern(regexp = SandboxSpec.NAME, message = SandboxSpec.NAME_RULE) String name,
    @NotNull(message = "must be given: two ends") @Size(min = 2, max = 2, message = "must be two")
        List<@NotNull(message = "must not be null") @Valid End> ends,
    @Mtu Integer mtu,
    @Valid Conditions conditions) {

  /**
   * @param sandbox by name or id; it has a network namespace of its own
   * @param device (JSON: {@code interface}) a name that is free there; must be given
   */
  public record End(
      @NotNull(message = "must be given: a sandbox's name")
          @Pattern(regexp = SandboxSpec.NAME, message = SandboxSpec.NAME_RULE)
          String sandbox,
      @JsonProperty("interface") InterfaceName device,
      @Size(max = 8, message = "can have at most 8 addresses")
          List<@NotNull(message = "must not be null") Cidr> addresses) {}

  /** 1500 if it is not said. */
  public int packet() {
    return mtu == null ? Mtu.DEFAULT : mtu;
  }
}
