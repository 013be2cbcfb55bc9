package io.sandboxd.sandbox;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * Something of a sandbox that is no more.
 *
 * @param path of the cgroup below the root of each hierarchy, or of the file system; of an
 *     interface its name
 * @param sandboxId what it is named after; null for an interface
 */
public record Leak(Kind kind, String path, String sandboxId) {
  /** What can be left of a sandbox. */
  public enum Kind {
    PROCESS,
    CGROUP,
    /** The writable part of an overlay. */
    LAYER,
    /** A network interface of the host. */
    INTERFACE,
    /** A directory of the state directory. */
    STATE;

    @JsonValue
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
