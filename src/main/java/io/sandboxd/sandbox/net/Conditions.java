package io.sandboxd.sandbox.net;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

/**
 * What a cable does to the packets that go into one end of it, so that it is like a longer or a
 * worse one (tc-netem(8)). A {@code null} is "nothing".
 *
 * @param rate what passes it at most
 * @param delay how long each packet is under way, up to a minute
 * @param jitter by how much, more or less, that differs from packet to packet, all alike probable;
 *     at most the delay. Packets may overtake each other then.
 * @param loss per cent of the packets, 0 to 100, each by chance alone
 */
public record Conditions(
    BitRate rate,
    @DurationMin(nanos = 0, message = SHORTEST) @DurationMax(minutes = 1, message = LONGEST)
        Duration delay,
    @DurationMin(nanos = 0, message = SHORTEST) @DurationMax(minutes = 1, message = LONGEST)
        Duration jitter,
    @DecimalMin(value = "0", message = LOSS_RULE) @DecimalMax(value = "100", message = LOSS_RULE)
        Double loss) {
  private static final String SHORTEST = "must be 0 or more";
  private static final String LONGEST = "can be at most a minute";
  private static final String LOSS_RULE = "must be 0 to 100, per cent of the packets";

  /** Whether there is something beside the rate. */
  public boolean impairs() {
    return hasLength(delay) || hasLength(jitter) || (loss != null && loss > 0);
  }

  private static boolean hasLength(Duration duration) {
    return duration != null && !duration.isZero();
  }
}
