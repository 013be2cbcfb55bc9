package io.sandboxd.sandbox;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A signal of Linux (signal(7); the numbers of x86-64 and arm64, which agree), 1 to 64. In JSON a
 * number, or a name with or without SIG: {@code "TERM"}, {@code "SIGKILL"}, {@code "RTMIN+3"},
 * {@code "RTMAX-1"}.
 */
public record Signal(int number) {
  /** The kernel's SIGRTMIN is 32; the C libraries keep two for themselves and call 34 so. */
  private static final int RTMIN = 34;

  private static final int RTMAX = 64;

  private static final Pattern REAL_TIME = Pattern.compile("RT(MIN|MAX)(?:([+-])(\\d{1,2}))?");
  private static final Map<String, Integer> NUMBERS = new LinkedHashMap<>();

  static {
    String[] names = {
      "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
      "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
      "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS"
    };
    for (int i = 0; i < names.length; i++) {
      NUMBERS.put(names[i], i + 1);
    }
    NUMBERS.put("IOT", 6);
    NUMBERS.put("CLD", 17);
    NUMBERS.put("POLL", 29);
  }

  public static final Signal INT = new Signal(2);
  public static final Signal KILL = new Signal(9);
  public static final Signal TERM = new Signal(15);

  public Signal {
    if (number < 1 || number > RTMAX) {
      throw new IllegalArgumentException("a signal's number is 1 to " + RTMAX);
    }
  }

  /**
   * Reads a name or a number.
   *
   * @throws IllegalArgumentException with a sentence that says what is wrong
   */
  public static Signal parse(String text) {
    if (text.matches("\\d{1,3}")) {
      return new Signal(Integer.parseInt(text));
    }
    String upper = text.toUpperCase(Locale.ROOT);
    String name = upper.startsWith("SIG") ? upper.substring(3) : upper;
    return Optional.ofNullable(NUMBERS.get(name))
        .or(() -> realTime(name))
        .map(Signal::new)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "a signal is a number (1 to 64) or a name such as TERM, SIGKILL or RTMIN+1"));
  }

  private static Optional<Integer> realTime(String name) {
    Matcher matcher = REAL_TIME.matcher(name);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    boolean min = matcher.group(1).equals("MIN");
    int distance = matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3));
    if (distance != 0 && min != matcher.group(2).equals("+")) {
      return Optional.empty();
    }
    int number = min ? RTMIN + distance : RTMAX - distance;
    return number < RTMIN || number > RTMAX ? Optional.empty() : Optional.of(number);
  }

  /**
   * The name without SIG, e.g. {@code TERM} or {@code RTMIN+3}; the number where there is none (32,
   * 33).
   */
  @JsonValue
  public String name() {
    if (number >= RTMIN) {
      return number == RTMIN ? "RTMIN" : "RTMIN+" + (number - RTMIN);
    }
    for (Map.Entry<String, Integer> entry : NUMBERS.entrySet()) {
      if (entry.getValue() == number) {
        return entry.getKey();
      }
    }
    return Integer.toString(number);
  }
}
