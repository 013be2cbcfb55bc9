package io.sandboxd.registry;

import io.sandboxd.linux.PlainFile;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.json.StoredJson;
import io.sandboxd.sandbox.net.Named;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * Things that are no sandboxes, by name: in memory, and each in a file {@code NAME.json} that is
 * replaced as a whole.
 *
 * @param <T> a record that can be stored
 */
public final class Records<T extends Named> {
  private static final Logger LOG = Logger.getLogger(Records.class);
  private static final String SUFFIX = ".json";
  private static final int LONGEST = 1 << 20;

  private final Path directory;
  private final String kind;
  private final Class<T> type;
  private final Consumer<T> check;
  private final Map<String, T> byName = new ConcurrentHashMap<>();
  private final Set<String> unreadable = ConcurrentHashMap.newKeySet();

  /**
   * @param kind what one is called, e.g. {@code network}
   * @param check throws at what cannot be true in a file
   */
  public Records(Path directory, String kind, Class<T> type, Consumer<T> check) {
    this.directory = directory;
    this.kind = kind;
    this.type = type;
    this.check = check;
  }

  /** Where files that belong to one may be kept; there once one was added. */
  public Path directory() {
    return directory;
  }

  /** Whether there has ever been one. */
  public boolean isInUse() {
    return Files.isDirectory(directory);
  }

  /**
   * @throws SandboxException {@code name_in_use}
   */
  public synchronized void add(T value) {
    if (unreadable.contains(value.name())) {
      throw new SandboxException(
              ErrorCode.NAME_IN_USE,
              "What there is of a %s '%s' cannot be read: mend or remove %s, and start again."
                  .formatted(kind, value.name(), file(value.name())))
          .with("name", value.name());
    }
    if (byName.putIfAbsent(value.name(), value) != null) {
      throw new SandboxException(
              ErrorCode.NAME_IN_USE,
              "There is a " + kind + " '" + value.name() + "' already: choose another name.")
          .with("name", value.name());
    }
    try {
      write(value);
    } catch (RuntimeException e) {
      byName.remove(value.name());
      throw e;
    }
  }

  /**
   * Puts another in the place of one.
   *
   * @return false when that is not there any more
   */
  public synchronized boolean replace(T former, T value) {
    boolean there = byName.replace(former.name(), former, value);
    if (there) {
      write(value);
    }
    return there;
  }

  public Optional<T> find(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  /** By name. */
  public List<T> all() {
    return byName.values().stream().sorted(Comparator.comparing(Named::name)).toList();
  }

  /** Harmless when it is not there; another one of its name stays. */
  public synchronized void remove(T value) {
    if (value.equals(byName.get(value.name()))) {
      try {
        Files.deleteIfExists(file(value.name()));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      byName.remove(value.name());
    }
  }

  /** One with which nothing can be done; its file stays. */
  public synchronized void disown(T value) {
    unreadable.add(value.name());
    byName.remove(value.name(), value);
  }

  /** Whether there are some of which nobody knows what belongs to them. */
  public boolean hasUnreadable() {
    return !unreadable.isEmpty();
  }

  /** Takes in what a former daemon has put on file. What cannot be read stays where it is. */
  public List<T> restore() {
    if (!isInUse()) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(SUFFIX))
          .map(name -> name.substring(0, name.length() - SUFFIX.length()))
          .filter(name -> name.matches(SandboxSpec.NAME))
          .forEach(this::restore);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all();
  }

  private void restore(String name) {
    try {
      T value = StoredJson.read(PlainFile.read(file(name), LONGEST), type);
      if (!name.equals(value.name())) {
        throw new IllegalStateException("it is that of another name");
      }
      check.accept(value);
      byName.put(name, value);
    } catch (IOException | RuntimeException e) {
      unreadable.add(name);
      LOG.errorf("The %s '%s' cannot be read: %s", kind, name, e.getMessage());
    }
  }

  private void write(T value) {
    try {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      PlainFile.replace(file(value.name()), StoredJson.write(value));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path file(String name) {
    return directory.resolve(name + SUFFIX);
  }
}
