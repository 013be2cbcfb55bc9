package io.sandboxd.network;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** Of sets and maps of the packet filter: what one network or one sandbox has in them. */
final class Elements {
  /** By family and name of the set, keys as nft(8) writes them; those of plain sets lead to "". */
  private final Map<String, Map<String, String>> sets = new LinkedHashMap<>();

  void add(String set, String key) {
    add(set, key, "");
  }

  void add(String map, String key, String value) {
    sets.computeIfAbsent(map, any -> new LinkedHashMap<>()).put(key, value);
  }

  /**
   * @throws IllegalStateException if one is there already, with another value
   */
  void addAll(Elements others) {
    others.sets.forEach(
        (set, keys) ->
            keys.forEach(
                (key, value) -> {
                  String former =
                      sets.computeIfAbsent(set, any -> new LinkedHashMap<>()).put(key, value);
                  if (former != null && !former.equals(value)) {
                    throw new IllegalStateException(key + " leads to " + former + " already");
                  }
                }));
  }

  /** Those that the others are without, or have with another value. */
  Elements without(Elements others) {
    Elements left = new Elements();
    sets.forEach(
        (set, keys) -> {
          Map<String, String> theirs = others.sets.getOrDefault(set, Map.of());
          keys.forEach(
              (key, value) -> {
                if (!Objects.equals(theirs.get(key), value)) {
                  left.add(set, key, value);
                }
              });
        });
    return left;
  }

  /** A command for each set. */
  String added(String table) {
    return commands("add", table, (key, value) -> value.isEmpty() ? key : key + " : " + value);
  }

  /** A command for each set. */
  String deleted(String table) {
    return commands("delete", table, (key, value) -> key);
  }

  private interface Form {
    String of(String key, String value);
  }

  private String commands(String verb, String table, Form form) {
    StringBuilder text = new StringBuilder();
    sets.forEach(
        (set, keys) -> {
          int space = set.indexOf(' ');
          text.append(verb).append(" element ").append(set, 0, space).append(' ').append(table);
          text.append(set, space, set.length());
          text.append(
              keys.entrySet().stream()
                  .map(key -> form.of(key.getKey(), key.getValue()))
                  .collect(Collectors.joining(", ", " { ", " }\n")));
        });
    return text.toString();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Elements elements && sets.equals(elements.sets);
  }

  @Override
  public int hashCode() {
    return sets.hashCode();
  }
}
