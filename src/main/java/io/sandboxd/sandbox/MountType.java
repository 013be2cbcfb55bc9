package io.sandboxd.sandbox;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What can be mounted inside, with the options that each knows (mount(8), tmpfs(5), proc(5), devpts
 * of the kernel).
 */
public enum MountType {
  BIND(
      null,
      Map.of("bind", "recursion", "rbind", "recursion", "idmap", "idmap", "noidmap", "idmap"),
      List.of()),
  TMPFS(
      null,
      Map.of(),
      List.of(
          "size=\\d{1,15}[kmgKMG%]?",
          "mode=[0-7]{1,4}", "uid=\\d{1,10}", "gid=\\d{1,10}", "nr_inodes=\\d{1,15}[kmgKMG]?")),
  PROC(
      NamespaceType.PID,
      Map.of(),
      List.of(
          "hidepid=(?:[0124]|off|noaccess|invisible|ptraceable)", "gid=\\d{1,10}", "subset=pid")),
  SYSFS(NamespaceType.NETWORK, Map.of(), List.of()),
  MQUEUE(NamespaceType.IPC, Map.of(), List.of()),
  DEVPTS(
      null,
      Map.of("newinstance", "newinstance"),
      List.of(
          "ptmxmode=[0-7]{1,4}",
          "mode=[0-7]{1,4}",
          "uid=\\d{1,10}",
          "gid=\\d{1,10}",
          "max=\\d{1,7}")),
  CGROUP2(NamespaceType.CGROUP, Map.of(), List.of());

  /**
   * Those that every mount has, and what each speaks of: two that speak of the same contradict each
   * other.
   */
  private static final Map<String, String> COMMON =
      Map.ofEntries(
          Map.entry("ro", "write"),
          Map.entry("rw", "write"),
          Map.entry("nosuid", "suid"),
          Map.entry("suid", "suid"),
          Map.entry("nodev", "dev"),
          Map.entry("dev", "dev"),
          Map.entry("noexec", "exec"),
          Map.entry("exec", "exec"),
          Map.entry("noatime", "atime"),
          Map.entry("relatime", "atime"),
          Map.entry("nodiratime", "diratime"),
          Map.entry("nosymfollow", "symfollow"));

  private final NamespaceType shows;
  private final Map<String, String> flags;
  private final List<Pattern> values;

  MountType(NamespaceType shows, Map<String, String> flags, List<String> values) {
    this.shows = shows;
    this.flags = flags;
    this.values = values.stream().map(Pattern::compile).toList();
  }

  /** The type of a mount: a source alone makes it a bind. Empty if it is none of these. */
  public static Optional<MountType> of(SandboxSpec.Mount mount) {
    if (mount.type() == null) {
      return mount.source() == null ? Optional.empty() : Optional.of(BIND);
    }
    return Stream.of(values()).filter(type -> type.word().equals(mount.type())).findFirst();
  }

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static String words() {
    return Stream.of(values()).map(MountType::word).collect(Collectors.joining(", "));
  }

  /**
   * The namespace that such a mount shows, to which its maker needs a right; null if it shows none.
   */
  public NamespaceType shows() {
    return shows;
  }

  /** What an option speaks of; empty if this type does not know it. */
  public Optional<String> subject(String option) {
    String subject = COMMON.getOrDefault(option, flags.get(option));
    if (subject != null) {
      return Optional.of(subject);
    }
    return values.stream().anyMatch(value -> value.matcher(option).matches())
        ? Optional.of(option.substring(0, option.indexOf('=')))
        : Optional.empty();
  }

  /** The names of all that this type knows, for people. */
  public String options() {
    Map<String, String> names = new TreeMap<>(COMMON);
    names.putAll(flags);
    List<String> all = new ArrayList<>(names.keySet());
    values.forEach(
        value -> all.add(value.pattern().substring(0, value.pattern().indexOf('=') + 1)));
    return "it has " + String.join(", ", all);
  }
}
