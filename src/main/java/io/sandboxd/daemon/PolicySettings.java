package io.sandboxd.daemon;

import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.Capability;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.Policy;
import io.sandboxd.sandbox.Policy.Tree;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;

/** Reads the settings that make the {@link Policy}: numbers, or {@code none}; lists with commas. */
final class PolicySettings {
  private static final String NONE = "none";
  private static final String DEFAULT = "default";
  private static final String WRITABLE = ":rw";

  /** As long as the other one; the default, for those who want to see it. */
  private static final String READ_ONLY = ":ro";

  private static final long MOST = 1_000_000;
  private static final double LEAST_CPU = 0.01;

  private final Function<Setting, String> text;
  private final BiFunction<Setting, String, StartException> invalid;

  /**
   * @param text of a setting
   * @param invalid makes the failure of a setting, from what is wrong with it
   */
  PolicySettings(
      Function<Setting, String> text, BiFunction<Setting, String, StartException> invalid) {
    this.text = text;
    this.invalid = invalid;
  }

  Policy read() {
    Long sandboxes = number(Setting.POLICY_MAX_SANDBOXES, 0);
    return new Policy(
        sandboxes == null ? Integer.MAX_VALUE : sandboxes.intValue(),
        size(Setting.POLICY_MEMORY_MAX),
        cpus(Setting.POLICY_CPU_MAX),
        number(Setting.POLICY_PIDS_MAX, 1),
        namespaces(Setting.POLICY_HOST_NAMESPACES),
        trees(Setting.POLICY_JOIN_PATHS, false),
        trees(Setting.POLICY_ROOTS, true),
        trees(Setting.POLICY_BINDS, true),
        capabilities(Setting.POLICY_CAPABILITIES),
        flag(Setting.POLICY_SECCOMP_UNCONFINED));
  }

  private Long number(Setting setting, long least) {
    if (text.apply(setting).equals(NONE)) {
      return null;
    }
    try {
      long number = Long.parseLong(text.apply(setting));
      if (number >= least && number <= MOST) {
        return number;
      }
    } catch (NumberFormatException e) {
      // It is as wrong as one that is too large.
    }
    throw invalid.apply(
        setting, "must be a whole number from " + least + " to " + MOST + ", or none");
  }

  private ByteSize size(Setting setting) {
    if (text.apply(setting).equals(NONE)) {
      return null;
    }
    try {
      return ByteSize.parse(text.apply(setting));
    } catch (IllegalArgumentException e) {
      throw invalid.apply(setting, "must be none, or a size: " + e.getMessage());
    }
  }

  private Double cpus(Setting setting) {
    if (text.apply(setting).equals(NONE)) {
      return null;
    }
    try {
      double number = Double.parseDouble(text.apply(setting));
      if (number >= LEAST_CPU && number <= MOST) {
        return number;
      }
    } catch (NumberFormatException e) {
      // It is as wrong as one that is too small.
    }
    throw invalid.apply(setting, "must be a number of CPUs, at least " + LEAST_CPU + ", or none");
  }

  private Set<NamespaceType> namespaces(Setting setting) {
    Set<NamespaceType> types = EnumSet.noneOf(NamespaceType.class);
    for (String word : words(setting)) {
      types.add(
          Arrays.stream(NamespaceType.values())
              .filter(type -> type.word().equals(word))
              .findFirst()
              .orElseThrow(
                  () ->
                      invalid.apply(
                          setting,
                          "must list types of namespaces: "
                              + Stream.of(NamespaceType.values())
                                  .map(NamespaceType::word)
                                  .toList())));
    }
    return types;
  }

  private Set<Capability> capabilities(Setting setting) {
    Set<Capability> capabilities = EnumSet.noneOf(Capability.class);
    for (String word : words(setting)) {
      if (word.equals(DEFAULT)) {
        capabilities.addAll(Capability.DEFAULT);
      } else {
        capabilities.add(
            Capability.find(word)
                .orElseThrow(
                    () ->
                        invalid.apply(
                            setting, "must list capabilities, or default for the usual ones")));
      }
    }
    return capabilities;
  }

  private List<Tree> trees(Setting setting, boolean mayBeWritable) {
    return words(setting).stream().map(word -> tree(setting, word, mayBeWritable)).toList();
  }

  private Tree tree(Setting setting, String word, boolean mayBeWritable) {
    boolean writable = mayBeWritable && word.endsWith(WRITABLE);
    boolean marked = writable || (mayBeWritable && word.endsWith(READ_ONLY));
    String text = marked ? word.substring(0, word.length() - WRITABLE.length()) : word;
    try {
      Path path = Path.of(text);
      if (path.isAbsolute()
          && path.getParent() != null
          && path.equals(path.normalize())
          && path.toString().equals(text)
          && !text.contains(":")) {
        return new Tree(text, writable);
      }
    } catch (InvalidPathException e) {
      // It is as wrong as one that is not absolute.
    }
    throw invalid.apply(
        setting,
        "must list absolute paths without '.', '..' and colons, and not '/'"
            + (mayBeWritable ? ", each with :rw or without" : ""));
  }

  private boolean flag(Setting setting) {
    return switch (text.apply(setting)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw invalid.apply(setting, "must be true or false");
    };
  }

  private List<String> words(Setting setting) {
    return text.apply(setting).equals(NONE)
        ? List.of()
        : Stream.of(text.apply(setting).split(","))
            .map(String::strip)
            .filter(word -> !word.isEmpty())
            .toList();
  }
}
