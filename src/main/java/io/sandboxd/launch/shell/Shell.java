package io.sandboxd.launch.shell;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** How words are written in a POSIX shell. */
final class Shell {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");

  private Shell() {}

  static String quote(String word) {
    return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
  }

  static String quote(List<String> words) {
    return words.stream().map(Shell::quote).collect(Collectors.joining(" "));
  }

  /** printf, as echo means something else in each shell for some of all texts. */
  static String write(String text, String file) {
    boolean simple = PLAIN.matcher(text).matches() && !text.startsWith("-");
    String command = simple ? "echo " + text : "printf '%s\\n' " + quote(text.stripTrailing());
    return command + " > " + quote(file);
  }

  static String octal(long mode) {
    return String.format(Locale.ROOT, "%04o", mode);
  }
}
