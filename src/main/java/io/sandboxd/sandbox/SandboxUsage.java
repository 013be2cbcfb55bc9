package io.sandboxd.sandbox;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * What a sandbox had used, all of it together and since it was made, when its main process ended:
 * what its control group says. {@code null} is what this host does not count.
 *
 * @param wallSeconds how long the main process ran
 * @param memoryPeakBytes the most memory that was in use at once
 * @param pidsPeak the most processes and threads there were at once
 * @param oomKills processes killed because memory was out
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SandboxUsage(
    Double cpuSeconds,
    double wallSeconds,
    Long memoryPeakBytes,
    Long pidsPeak,
    Long oomKills,
    Waiting waiting) {

  /**
   * For how many seconds at least one process could not go on for want of something (pressure stall
   * information).
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Waiting(Double memorySeconds, Double cpuSeconds, Double ioSeconds) {}
}
