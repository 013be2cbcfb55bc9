package io.sandboxd.network;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.zip.CRC32;

/**
 * What the interfaces of a daemon are called on the host. The names say whose they are, so that
 * what was left behind is found, and nobody else's is taken for it: {@code sb}, a letter for the
 * kind, 4 digits for the daemon, 8 for the interface, together the 15 bytes that a name may have.
 */
public final class DeviceNames {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int KIND_AT = 2;
  private static final char BRIDGE = 'r';
  private static final char MEMBER = 'v';
  private static final char MIRROR = 'i';

  private final String daemon;

  /**
   * @param daemon what tells this daemon from others of the host: its state directory
   */
  public DeviceNames(String daemon) {
    CRC32 sum = new CRC32();
    sum.update(daemon.getBytes(StandardCharsets.UTF_8));
    this.daemon = HexFormat.of().toHexDigits((short) sum.getValue());
  }

  /** For tables and other names that are not bound to 15 bytes. */
  public String table() {
    return "sandboxd-" + daemon;
  }

  public String bridge() {
    return name(BRIDGE);
  }

  public String member() {
    return name(MEMBER);
  }

  /** The interface through which what a member sends is slowed down. */
  public static String mirror(String member) {
    return member.substring(0, KIND_AT) + MIRROR + member.substring(KIND_AT + 1);
  }

  private String name(char kind) {
    return "sb" + kind + daemon + HexFormat.of().toHexDigits(RANDOM.nextInt());
  }

  /**
   * @throws IllegalStateException for an interface that is not this daemon's
   */
  public void requireOurs(String name) {
    if (!isOurs(name)) {
      throw new IllegalStateException(name + " is no interface of this daemon's");
    }
  }

  /** Whether an interface is this daemon's. */
  public boolean isOurs(String name) {
    return name.matches("sb[" + BRIDGE + MEMBER + MIRROR + "]" + daemon + "[0-9a-f]{8}");
  }
}
