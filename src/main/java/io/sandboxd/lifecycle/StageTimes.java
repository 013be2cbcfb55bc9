package io.sandboxd.lifecycle;

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
    long micros = (now - since) / 1000;
    stages.append(stage).append(";dur=").append(micros / 1000).append('.');
    // By hand: a format takes longer than many a stage.
    stages.append((char) ('0' + micros / 100 % 10));
    stages.append((char) ('0' + micros / 10 % 10));
    stages.append((char) ('0' + micros % 10));
    since = now;
  }

  /** As the header Server-Timing has it: milliseconds for each stage, in their order. */
  public String header() {
    return stages.toString();
  }
}
