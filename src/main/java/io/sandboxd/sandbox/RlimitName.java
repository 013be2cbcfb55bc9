package io.sandboxd.sandbox;

import java.util.Locale;
import java.util.Optional;

/**
 * The resources of setrlimit(2) in the order of their numbers (asm-generic/resource.h, which x86-64
 * and arm64 share).
 */
public enum RlimitName {
  CPU,
  FSIZE,
  DATA,
  STACK,
  CORE,
  RSS,
  NPROC,
  NOFILE,
  MEMLOCK,
  AS,
  LOCKS,
  SIGPENDING,
  MSGQUEUE,
  NICE,
  RTPRIO,
  RTTIME;

  public int number() {
    return ordinal();
  }

  /** The contract's name, e.g. {@code nofile}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Reads a name with or without RLIMIT_, in any case; empty if there is none of that name. */
  public static Optional<RlimitName> find(String text) {
    String upper = text.toUpperCase(Locale.ROOT);
    String name = upper.startsWith("RLIMIT_") ? upper.substring(7) : upper;
    for (RlimitName limit : values()) {
      if (limit.name().equals(name)) {
        return Optional.of(limit);
      }
    }
    return Optional.empty();
  }
}
