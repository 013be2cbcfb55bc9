package io.sandboxd.cgroup;

/**
 * A device that a group may use, in the terms of the OCI runtime-spec (config-linux, "Allowed
 * Device list").
 *
 * @param block a block device, else a character device
 * @param major null for all
 * @param minor null for all
 * @param access some of {@code r} (read), {@code w} (write), {@code m} (mknod)
 */
public record DeviceRule(boolean block, Integer major, Integer minor, String access) {
  /** What the same controller writes for all devices. */
  static final String EVERYTHING = "a *:* rwm";

  /** As the v1 devices controller writes it: {@code c 1:3 rwm}. */
  public String text() {
    return (block ? "b " : "c ") + number(major) + ":" + number(minor) + " " + access;
  }

  private static String number(Integer number) {
    return number == null ? "*" : number.toString();
  }
}
