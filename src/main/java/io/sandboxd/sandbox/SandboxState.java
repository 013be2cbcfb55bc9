package io.sandboxd.sandbox;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** The life of a sandbox, and the one table of what may follow what. */
public enum SandboxState {
  /** The name is reserved, things are being made. */
  CREATING,
  /** The namespaces exist, no user code has run. */
  CREATED,
  /** The main process runs. */
  RUNNING,
  /** Frozen; the main process runs when thawed. */
  PAUSED,
  /** The main process has ended; the namespaces are still there. */
  STOPPED,
  /** Being taken apart. */
  DELETING,
  /** Something the daemon cannot mend; only a delete helps. */
  BROKEN;

  private static final Set<SandboxState> NONE = EnumSet.noneOf(SandboxState.class);

  /** The states that may follow this one. */
  public Set<SandboxState> next() {
    return switch (this) {
      case CREATING -> EnumSet.of(CREATED, DELETING, BROKEN);
      case CREATED -> EnumSet.of(RUNNING, PAUSED, DELETING, BROKEN);
      case RUNNING -> EnumSet.of(PAUSED, STOPPED, DELETING, BROKEN);
      // A frozen main process can still be killed.
      case PAUSED -> EnumSet.of(CREATED, RUNNING, STOPPED, DELETING, BROKEN);
      case STOPPED -> EnumSet.of(RUNNING, DELETING, BROKEN);
      case BROKEN -> EnumSet.of(DELETING);
      // A delete that failed half way can be asked for again.
      case DELETING -> NONE;
    };
  }

  public boolean mayBecome(SandboxState to) {
    return next().contains(to);
  }

  @JsonValue
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
