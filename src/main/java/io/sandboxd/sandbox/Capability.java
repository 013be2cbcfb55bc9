package io.sandboxd.sandbox;

import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The capabilities of Linux in the order of their numbers (capabilities(7), linux/capability.h).
 */
public enum Capability {
  CHOWN,
  DAC_OVERRIDE,
  DAC_READ_SEARCH,
  FOWNER,
  FSETID,
  KILL,
  SETGID,
  SETUID,
  SETPCAP,
  LINUX_IMMUTABLE,
  NET_BIND_SERVICE,
  NET_BROADCAST,
  NET_ADMIN,
  NET_RAW,
  IPC_LOCK,
  IPC_OWNER,
  SYS_MODULE,
  SYS_RAWIO,
  SYS_CHROOT,
  SYS_PTRACE,
  SYS_PACCT,
  SYS_ADMIN,
  SYS_BOOT,
  SYS_NICE,
  SYS_RESOURCE,
  SYS_TIME,
  SYS_TTY_CONFIG,
  MKNOD,
  LEASE,
  AUDIT_WRITE,
  AUDIT_CONTROL,
  SETFCAP,
  MAC_OVERRIDE,
  MAC_ADMIN,
  SYSLOG,
  WAKE_ALARM,
  BLOCK_SUSPEND,
  AUDIT_READ,
  PERFMON,
  BPF,
  CHECKPOINT_RESTORE;

  /**
   * What a process has that does not say: what Docker gives, which most software is made for; but
   * nothing to make devices with. In a user namespace that is refused anyway, and the host's root
   * could make one for the host's disk.
   */
  public static final Set<Capability> DEFAULT =
      Collections.unmodifiableSet(
          EnumSet.of(
              CHOWN,
              DAC_OVERRIDE,
              FSETID,
              FOWNER,
              NET_RAW,
              SETGID,
              SETUID,
              SETFCAP,
              SETPCAP,
              NET_BIND_SERVICE,
              SYS_CHROOT,
              KILL,
              AUDIT_WRITE));

  /** The kernel's number, 0 to 63. */
  public int number() {
    return ordinal();
  }

  /** The bit in a capability set. */
  public long mask() {
    return 1L << ordinal();
  }

  /** The kernel's name, e.g. {@code CAP_NET_ADMIN}. */
  public String word() {
    return "CAP_" + name();
  }

  /** Reads a name with or without CAP_, in any case; empty if there is none of that name. */
  public static Optional<Capability> find(String text) {
    String upper = text.toUpperCase(Locale.ROOT);
    String name = upper.startsWith("CAP_") ? upper.substring(4) : upper;
    for (Capability capability : values()) {
      if (capability.name().equals(name)) {
        return Optional.of(capability);
      }
    }
    return Optional.empty();
  }

  public static long maskOf(Collection<Capability> capabilities) {
    return capabilities.stream().mapToLong(Capability::mask).reduce(0, (a, b) -> a | b);
  }
}
