package io.sandboxd.sandbox.net;

import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigInteger;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * An IPv4 or IPv6 address, never a name: {@code 10.0.0.1}, {@code fd00::1} (RFC 4291, section 2.2;
 * no zone, no IPv4 in IPv6). Its text is the canonical one of RFC 5952.
 */
public final class IpAddress implements Comparable<IpAddress> {
  private static final String OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
  private static final Pattern V4 = Pattern.compile(OCTET + "(?:\\." + OCTET + "){3}");
  private static final Pattern V6 = Pattern.compile("[0-9a-fA-F:]{2,39}");

  private final byte[] bytes;

  private IpAddress(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * Reads one; nothing is looked up.
   *
   * @throws IllegalArgumentException with a sentence that says what is wrong
   */
  public static IpAddress parse(String text) {
    boolean v4 = V4.matcher(text).matches();
    if (!v4 && !(V6.matcher(text).matches() && text.contains(":"))) {
      throw notOne();
    }
    try {
      // In brackets it is a literal or nothing.
      InetAddress read = InetAddress.getByName(v4 ? text : "[" + text + "]");
      if (v4 != read instanceof Inet4Address) {
        throw new IllegalArgumentException("is an IPv4 address in an IPv6 one: write it plainly");
      }
      return new IpAddress(read.getAddress());
    } catch (UnknownHostException e) {
      throw notOne();
    }
  }

  private static IllegalArgumentException notOne() {
    return new IllegalArgumentException("an address is written as 10.0.0.1 or fd00::1");
  }

  /**
   * @param bytes 4 or 16, in network order
   */
  public static IpAddress of(byte[] bytes) {
    if (bytes.length != 4 && bytes.length != 16) {
      throw new IllegalArgumentException(bytes.length + " bytes are no address");
    }
    return new IpAddress(bytes.clone());
  }

  public boolean isV4() {
    return bytes.length == 4;
  }

  /** In network order, 4 or 16. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** 32 or 128. */
  public int bits() {
    return bytes.length * 8;
  }

  public BigInteger number() {
    return new BigInteger(1, bytes);
  }

  /**
   * @throws IllegalArgumentException for a number that is too large for the family
   */
  static IpAddress of(BigInteger number, int bits) {
    byte[] magnitude = number.toByteArray();
    byte[] bytes = new byte[bits / 8];
    int from = Math.max(0, magnitude.length - bytes.length);
    if (number.bitLength() > bits) {
      throw new IllegalArgumentException(number + " is no address of " + bits + " bits");
    }
    int count = magnitude.length - from;
    System.arraycopy(magnitude, from, bytes, bytes.length - count, count);
    return new IpAddress(bytes);
  }

  /** Whether it can be that of one interface: not of a group, nor of all or no hosts. */
  public boolean isUnicast() {
    InetAddress address = inetAddress();
    boolean broadcast = isV4() && (bytes[0] & 0xf0) == 0xf0;
    return !address.isMulticastAddress() && !address.isAnyLocalAddress() && !broadcast;
  }

  public boolean isLoopback() {
    return inetAddress().isLoopbackAddress();
  }

  public InetAddress inetAddress() {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e); // only for other lengths
    }
  }

  /** RFC 5952: the longest run of zeros, of two or more, is left out. */
  @JsonValue
  @Override
  public String toString() {
    if (isV4()) {
      return inetAddress().getHostAddress();
    }
    int[] groups = new int[8];
    for (int i = 0; i < groups.length; i++) {
      groups[i] = (bytes[2 * i] & 0xff) << 8 | (bytes[2 * i + 1] & 0xff);
    }
    int start = -1;
    int longest = 1;
    for (int i = 0; i < groups.length; i++) {
      int end = i;
      while (end < groups.length && groups[end] == 0) {
        end++;
      }
      if (end - i > longest) {
        start = i;
        longest = end - i;
      }
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < groups.length; i++) {
      if (i == start) {
        text.append("::");
        i += longest - 1;
        continue;
      }
      if (text.length() > 0 && text.charAt(text.length() - 1) != ':') {
        text.append(':');
      }
      text.append(Integer.toHexString(groups[i]));
    }
    return text.toString();
  }

  @Override
  public int compareTo(IpAddress other) {
    return bytes.length == other.bytes.length
        ? Arrays.compareUnsigned(bytes, other.bytes)
        : Integer.compare(bytes.length, other.bytes.length);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof IpAddress address && Arrays.equals(bytes, address.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }
}
