package io.sandboxd.sandbox.net;

import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigDecimal;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Bits per second, 8,000 to 1,000,000,000,000. In JSON an integer, or a string with a unit as tc(8)
 * has them: {@code "10Mbit"}, {@code "1.5Gbit"}; kbit, Mbit, Gbit, Tbit are powers of 1000.
 */
public record BitRate(@JsonValue long bits) {
  private static final Pattern TEXT =
      Pattern.compile("(\\d{1,13}(?:\\.\\d{1,9})?)(bit|kbit|Mbit|Gbit|Tbit)");

  private static final Map<String, Long> UNITS =
      Map.of(
          "bit", 1L,
          "kbit", 1_000L,
          "Mbit", 1_000_000L,
          "Gbit", 1_000_000_000L,
          "Tbit", 1_000_000_000_000L);

  private static final long LOWEST = 8_000;
  private static final long HIGHEST = 1_000_000_000_000L;

  public BitRate {
    if (bits < LOWEST || bits > HIGHEST) {
      throw new IllegalArgumentException("a rate is 8kbit to 1Tbit (per second)");
    }
  }

  /**
   * Reads the string form.
   *
   * @throws IllegalArgumentException with a sentence that says what is wrong
   */
  public static BitRate parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "a rate is a number of bits per second, or a number with one of the units bit, kbit,"
              + " Mbit, Gbit, Tbit, for example \"10Mbit\"");
    }
    BigDecimal bits =
        new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(UNITS.get(matcher.group(2))));
    return new BitRate(bits.min(BigDecimal.valueOf(HIGHEST + 1)).longValue());
  }

  /** As a shaper counts. */
  public long bytesPerSecond() {
    return bits / 8;
  }
}
