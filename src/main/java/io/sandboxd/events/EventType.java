package io.sandboxd.events;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What can happen. */
public enum EventType {
  /** It is whole, and can be started. One whose creation failed was never there. */
  SANDBOX_CREATED,
  /** Its main process runs. */
  SANDBOX_STARTED,
  SANDBOX_PAUSED,
  SANDBOX_RESUMED,
  /** Its limits, labels or time to live are others now. */
  SANDBOX_UPDATED,
  /** Its main process has ended. */
  SANDBOX_STOPPED,
  /** Only a delete helps any more. */
  SANDBOX_BROKEN,
  /** Nothing is left of it, its name can be taken. */
  SANDBOX_DELETED,
  PROCESS_STARTED,
  /** The kernel killed one for want of memory. */
  PROCESS_OOM,
  PROCESS_EXITED,
  /** A call that changes something was answered; told in a history of its own. */
  AUDIT,
  /** Events are lost to this reader: no event of the log, but a note between two of them. */
  GAP;

  /** As clients know it, e.g. {@code sandbox.created}. */
  @JsonValue
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '.');
  }
}
