package io.sandboxd.cgroup;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringTokenizer;

/**
 * The formats of control files (admin-guide/cgroup-v2, "Interface Files"). What does not fit is
 * left out: newer kernels add lines and keys, and no figure is worth a failure.
 */
final class ControlText {
  private ControlText() {}

  /** One number; null for {@code max}, nothing, or what is none. */
  static Long number(String text) {
    String stripped = text.strip();
    if (stripped.isEmpty() || Character.isLetter(stripped.charAt(0))) {
      return null; // the usual cases, without an exception
    }
    try {
      return Long.valueOf(stripped);
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /**
   * What blanks and ends of lines are between. A tokenizer, as some of this is read at each exit.
   */
  static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    StringTokenizer tokens = new StringTokenizer(text);
    while (tokens.hasMoreTokens()) {
      words.add(tokens.nextToken());
    }
    return words;
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
