package io.sandboxd.sandbox.net;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a network interface is called: as the kernel has it 1 to 15 bytes (IFNAMSIZ), and of those
 * characters that every tool takes.
 */
public record InterfaceName(@JsonValue String text) {
  private static final int LONGEST = 15;
  private static final Pattern FORM = Pattern.compile("[a-zA-Z0-9_][a-zA-Z0-9_.-]*");

  /** There already, or words of {@code /proc/sys/net}. */
  private static final Set<String> TAKEN = Set.of("lo", "all", "default");

  public InterfaceName {
    if (text.length() > LONGEST) {
      throw new IllegalArgumentException(
          "is too long with "
              + text.length()
              + " characters: the name of an interface has at most "
              + LONGEST);
    }
    if (!FORM.matcher(text).matches() || TAKEN.contains(text)) {
      throw new IllegalArgumentException(
          "the name of an interface has 1 to 15 of the characters a-z, A-Z, 0-9, _, . and -, does"
              + " not begin with . or -, and is none of lo, all, default");
    }
  }

  /** That of an interface for which none was chosen: {@code eth0}, {@code eth1}, … */
  public static InterfaceName numbered(int index) {
    return new InterfaceName("eth" + index);
  }

  @Override
  public String toString() {
    return text;
  }
}
