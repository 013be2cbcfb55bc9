package io.sandboxd.sandbox;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The contract's forms of a duration: a number of seconds, or a string of numbers with units
 * ({@code "500ms"}, {@code "2m"}, {@code "1h30m"}, {@code "7d"}). Resolution is a nanosecond, the
 * range is ±10^10 seconds (317 years).
 */
public final class Durations {
  private static final BigDecimal MAX_SECONDS = BigDecimal.TEN.pow(10);
  private static final int MAX_SCALE = 9;

  private static final Pattern PART = Pattern.compile("(\\d{1,11}(?:\\.\\d{1,9})?)(ms|s|m|h|d)");
  private static final Pattern TEXT =
      Pattern.compile("(-?)((?:\\d{1,11}(?:\\.\\d{1,9})?(?:ms|s|m|h|d)){1,5})");
  private static final Pattern SECONDS = Pattern.compile("-?\\d{1,11}(\\.\\d{1,9})?");

  private static final Map<String, BigDecimal> UNITS =
      Map.of(
          "ms", new BigDecimal("0.001"),
          "s", BigDecimal.ONE,
          "m", BigDecimal.valueOf(60),
          "h", BigDecimal.valueOf(3_600),
          "d", BigDecimal.valueOf(86_400));

  private Durations() {}

  /**
   * Reads the string form; without a unit it is seconds.
   *
   * @throws IllegalArgumentException with a sentence that says what is wrong
   */
  public static Duration parse(String text) {
    if (SECONDS.matcher(text).matches()) {
      return ofSeconds(new BigDecimal(text));
    }
    Matcher whole = TEXT.matcher(text);
    if (!whole.matches()) {
      throw new IllegalArgumentException(
          "a duration is a number of seconds or numbers with the units ms, s, m, h or d, for"
              + " example \"1h30m\"");
    }
    BigDecimal seconds = BigDecimal.ZERO;
    Matcher part = PART.matcher(whole.group(2));
    while (part.find()) {
      seconds = seconds.add(new BigDecimal(part.group(1)).multiply(UNITS.get(part.group(2))));
    }
    return ofSeconds(whole.group(1).isEmpty() ? seconds : seconds.negate());
  }

  /**
   * Rounds to a nanosecond.
   *
   * @throws IllegalArgumentException out of range
   */
  public static Duration ofSeconds(BigDecimal seconds) {
    // Compared before any rescaling: "1e999999999" is a short text and a number of a billion
    // digits.
    if (seconds.abs().compareTo(MAX_SECONDS) > 0) {
      throw new IllegalArgumentException(
          "a duration is at most " + MAX_SECONDS.toPlainString() + " seconds");
    }
    if (seconds.abs().compareTo(BigDecimal.ONE.movePointLeft(MAX_SCALE)) < 0) {
      return Duration.ZERO;
    }
    return Duration.ofNanos(0)
        .plusSeconds(seconds.setScale(0, RoundingMode.FLOOR).longValueExact())
        .plusNanos(
            seconds
                .subtract(seconds.setScale(0, RoundingMode.FLOOR))
                .movePointRight(MAX_SCALE)
                .setScale(0, RoundingMode.HALF_UP)
                .longValueExact());
  }

  /** The form that is written: seconds, with as many decimals as it takes. */
  public static BigDecimal toSeconds(Duration duration) {
    BigDecimal seconds =
        BigDecimal.valueOf(duration.getSeconds())
            .add(BigDecimal.valueOf(duration.getNano(), MAX_SCALE))
            .stripTrailingZeros();
    return seconds.scale() < 0 ? seconds.setScale(0) : seconds;
  }
}
