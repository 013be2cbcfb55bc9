package io.sandboxd.lifecycle;

import java.util.Locale;

/**
 * Where the time of one request goes: a clock that is handed from stage to stage. Not for several
 * threads at once; one after the other may use it.
 */
public final class StageTimes {
  private final StringBuilder stages = new StringBuilder();
  private long since = System.nanoTime();

  /** Whatever was done since the last stage was this one. */
  public void done(String stage) {
    long now = System.nanoTime();
    if (stages.length() > 0) {
      stages.append(", ");
    }
    stages.append(stage).append(String.format(Locale.ROOT, ";dur=%.3f", (now - since) / 1e6));
    since = now;
  }

  /** As the header Server-Timing has it: milliseconds for each stage, in their order. */
  public String header() {
    return stages.toString();
  }
}
