package io.sandboxd.cgroup;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The formats of control files (admin-guide/cgroup-v2, "Interface Files"). What does not fit is
 * left out: newer kernels add lines and keys, and no figure is worth a failure.
 */
final class ControlText {
  private static final Pattern BLANKS = Pattern.compile("\\s+");

  private ControlText() {}

  /** One number; null for {@code max}, nothing, or what is none. */
  static Long number(String text) {
    try {
      return Long.valueOf(text.strip());
    } catch (NumberFormatException e) {
      return null;
    }
  }

  static List<String> words(String text) {
    String stripped = text.strip();
    return stripped.isEmpty() ? List.of() : List.of(BLANKS.split(stripped));
  }

  /** Lines of {@code KEY NUMBER}. */
  static Map<String, Long> flatKeyed(String text) {
    Map<String, Long> values = new LinkedHashMap<>();
    for (String line : text.split("\n")) {
      List<String> words = words(line);
      Long value = words.size() == 2 ? number(words.get(1)) : null;
      if (value != null) {
        values.put(words.get(0), value);
      }
    }
    return values;
  }

  /** Lines of {@code KEY NAME=VALUE NAME=VALUE...}. */
  static Map<String, Map<String, String>> nestedKeyed(String text) {
    Map<String, Map<String, String>> values = new LinkedHashMap<>();
    for (String line : text.split("\n")) {
      List<String> words = words(line);
      if (words.isEmpty()) {
        continue;
      }
      Map<String, String> pairs = values.computeIfAbsent(words.get(0), k -> new LinkedHashMap<>());
      for (String word : words.subList(1, words.size())) {
        int equals = word.indexOf('=');
        if (equals > 0) {
          pairs.put(word.substring(0, equals), word.substring(equals + 1));
        }
      }
    }
    return values;
  }
}
