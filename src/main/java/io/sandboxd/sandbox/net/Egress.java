package io.sandboxd.sandbox.net;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.util.List;
import java.util.Locale;

/**
 * Where a sandbox may connect to. The first rule that is about a connection decides; answers to
 * those who connected to it are always let through.
 *
 * @param otherwise (JSON: {@code default}) what no rule is about; default allow
 */
public record Egress(
    @JsonProperty("default") Action otherwise,
    @Size(max = 64, message = "can have at most 64 rules")
        List<@NotNull(message = "must not be null") @Valid Rule> rules) {

  /** What happens to it. */
  public enum Action {
    ALLOW,
    DENY;

    @JsonValue
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * @param to the addresses it is about, as a network; null: all of both families
   * @param protocol null: all
   * @param ports with tcp or udp; null: all
   */
  public record Rule(
      @NotNull(message = "must be given: allow or deny") Action action,
      Cidr to,
      Protocol protocol,
      PortRange ports) {}

  /** What no rule is about. */
  public Action fallback() {
    return otherwise == null ? Action.ALLOW : otherwise;
  }

  /** None if there are none. */
  public List<Rule> list() {
    return rules == null ? List.of() : rules;
  }
}
