package io.sandboxd.sandbox;

import io.sandboxd.sandbox.constraints.AbsolutePath;
import io.sandboxd.sandbox.constraints.Text;
import jakarta.validation.Valid;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.util.List;

/**
 * Limits of a sandbox's cgroup, in the terms of cgroup v2 (kernel: admin-guide/cgroup-v2). A {@code
 * null} anywhere means "no limit of ours".
 */
public record Resources(
    Memory memory,
    @Valid Cpu cpu,
    @Valid Pids pids,
    @Size(max = 64, message = "can have at most 64 devices")
        List<@NotNull(message = "must not be null") @Valid Io> io) {
  private static final String WEIGHT_RULE = "must be 1 to 10000";
  private static final String RATE_RULE = "must be 1 or more; leave it out for no limit";

  public static final Resources NONE = new Resources(null, null, null, null);

  /** Bytes. {@code swapMax} is swap alone, as in v2 (on v1 it is added to {@code max}). */
  public record Memory(ByteSize max, ByteSize high, ByteSize swapMax) {}

  /**
   * @param max number of CPUs' worth of time, e.g. 0.5; at least 0.01
   * @param weight 1 to 10000, default 100
   * @param cpuset e.g. {@code "0-1,3"}
   */
  public record Cpu(
      @DecimalMin(
              value = "0.01",
              message = "must be 0.01 or more: the kernel gives at least a millisecond in 100")
          @DecimalMax(value = "8192", message = "can be at most 8192")
          Double max,
      @Min(value = 1, message = WEIGHT_RULE) @Max(value = 10_000, message = WEIGHT_RULE)
          Integer weight,
      @Text(max = 1_024) String cpuset) {}

  /**
   * @param max processes and threads inside, 1 or more; the daemon's own init is not counted
   */
  public record Pids(
      @Min(value = 1, message = "must be 1 or more")
          @Max(value = 4_194_304, message = "can be at most 4194304, as the kernel has it")
          Long max) {}

  /**
   * @param device a block device's path, e.g. {@code /dev/vda}
   * @param rbps bytes read per second
   * @param wbps bytes written per second
   * @param riops reads per second
   * @param wiops writes per second
   * @param weight 1 to 10000, default 100
   */
  public record Io(
      @NotNull(message = "must be given: a block device, such as /dev/vda") @AbsolutePath
          String device,
      ByteSize rbps,
      ByteSize wbps,
      @Min(value = 1, message = RATE_RULE) Long riops,
      @Min(value = 1, message = RATE_RULE) Long wiops,
      @Min(value = 1, message = WEIGHT_RULE) @Max(value = 10_000, message = WEIGHT_RULE)
          Integer weight) {}
}
