package io.sandboxd.sandbox.net;

import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An address and how many of its leading bits are those of its network (RFC 4632): {@code
 * 10.0.0.1/24}, {@code fd00::/64}. As a network its other bits are zero.
 *
 * @param prefix 0 to 32 or 128
 */
public record Cidr(IpAddress address, int prefix) {
  private static final Pattern FORM = Pattern.compile("([^/]+)/(0|[1-9]\\d{0,2})");

  public Cidr {
    if (prefix < 0 || prefix > address.bits()) {
      throw new IllegalArgumentException("a prefix is 0 to " + address.bits() + " here");
    }
  }

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException with a sentence that says what is wrong
   */
  public static Cidr parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "an address with the length of its network's prefix is written as 10.0.0.1/24 or"
              + " fd00::1/64");
    }
    return new Cidr(IpAddress.parse(matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }

  /** One address, and no other. */
  public static Cidr of(IpAddress address) {
    return new Cidr(address, address.bits());
  }

  /** The network it is in. */
  public Cidr network() {
    return new Cidr(IpAddress.of(first(), address.bits()), prefix);
  }

  public boolean isNetwork() {
    return first().equals(address.number());
  }

  public boolean contains(IpAddress other) {
    return other.bits() == address.bits()
        && other.number().shiftRight(hostBits()).equals(address.number().shiftRight(hostBits()));
  }

  public boolean overlaps(Cidr other) {
    return prefix <= other.prefix ? contains(other.address) : other.contains(address);
  }

  /** How many addresses there are in it, the special ones too. */
  public BigInteger size() {
    return BigInteger.ONE.shiftLeft(hostBits());
  }

  /**
   * @param index 0 to {@link #size} - 1
   */
  public IpAddress at(BigInteger index) {
    return IpAddress.of(first().add(index), address.bits());
  }

  /** Where an address is in it. */
  public BigInteger indexOf(IpAddress other) {
    return other.number().subtract(first());
  }

  private BigInteger first() {
    return address.number().shiftRight(hostBits()).shiftLeft(hostBits());
  }

  private int hostBits() {
    return address.bits() - prefix;
  }

  @JsonValue
  @Override
  public String toString() {
    return address + "/" + prefix;
  }
}
