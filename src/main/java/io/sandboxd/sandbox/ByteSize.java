package io.sandboxd.sandbox;

import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigDecimal;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number of bytes, 0 to 2^63-1. In JSON an integer, or a string with a unit ({@code "64Mi"},
 * {@code "64M"}, {@code "1.5Gi"}): k (or K), M, G, T, P are powers of 1000, Ki, Mi, Gi, Ti, Pi
 * powers of 1024. {@code "max"} is the largest there is: as a limit it is none.
 */
public record ByteSize(@JsonValue long bytes) {
  private static final Pattern TEXT = Pattern.compile("(\\d{1,19}(?:\\.\\d{1,9})?)([a-zA-Z]{0,2})");

  private static final Map<String, Long> UNITS =
      Map.ofEntries(
          Map.entry("", 1L),
          Map.entry("k", 1_000L),
          Map.entry("K", 1_000L),
          Map.entry("M", 1_000_000L),
          Map.entry("G", 1_000_000_000L),
          Map.entry("T", 1_000_000_000_000L),
          Map.entry("P", 1_000_000_000_000_000L),
          Map.entry("Ki", 1L << 10),
          Map.entry("Mi", 1L << 20),
          Map.entry("Gi", 1L << 30),
          Map.entry("Ti", 1L << 40),
          Map.entry("Pi", 1L << 50));

  public ByteSize {
    if (bytes < 0) {
      throw new IllegalArgumentException("a size cannot be negative");
    }
  }

  /**
   * Reads the string form.
   *
   * @throws IllegalArgumentException with a sentence that says what is wrong
   */
  public static ByteSize parse(String text) {
    if (text.equals("max")) {
      return new ByteSize(Long.MAX_VALUE);
    }
    Matcher matcher = TEXT.matcher(text);
    Long unit = matcher.matches() ? UNITS.get(matcher.group(2)) : null;
    if (unit == null) {
      throw new IllegalArgumentException(
          "a size is a number of bytes or a number with one of the units k, M, G, T, P (powers of"
              + " 1000) or Ki, Mi, Gi, Ti, Pi (powers of 1024), for example \"64Mi\", or \"max\"");
    }
    BigDecimal bytes = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(unit));
    if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
      throw new IllegalArgumentException("a size is at most " + Long.MAX_VALUE + " bytes");
    }
    if (bytes.stripTrailingZeros().scale() > 0) {
      throw new IllegalArgumentException("a size must come out as a whole number of bytes");
    }
    return new ByteSize(bytes.longValueExact());
  }
}
