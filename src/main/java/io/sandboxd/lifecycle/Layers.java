package io.sandboxd.lifecycle;

import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.registry.TreeRemoval;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The writable layers of sandboxes with {@code overlay}: a directory each, with what overlayfs
 * calls {@code upperdir} and {@code workdir} (kernel: filesystems/overlayfs). On disk, as what is
 * written there may be large.
 */
public final class Layers {
  private static final FileAttribute<Set<PosixFilePermission>> OWN =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private final Syscalls syscalls;
  private final Path root;

  public Layers(Syscalls syscalls, Path root) {
    this.syscalls = syscalls;
    this.root = root;
  }

  /**
   * @param model the directory it will lie over; the layer's mode is what the sandbox sees as that
   *     of {@code /}
   */
  void create(String id, Path model) {
    Path layer = root.resolve(id);
    try {
      Files.createDirectories(root, OWN);
      // Whatever the mode of what is above: inside may be files that are root's, with setuid.
      Files.createDirectory(layer, OWN);
      Files.createDirectory(layer.resolve("work"));
      Path upper = Files.createDirectory(layer.resolve("upper"));
      Files.setPosixFilePermissions(upper, Files.getPosixFilePermissions(model));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path path(String id) {
    return root.resolve(id);
  }

  Fd open(String id) {
    return syscalls.open(path(id).toString(), Syscalls.O_RDONLY | Syscalls.O_DIRECTORY, 0);
  }

  /** Harmless when there is none. */
  void remove(String id) {
    TreeRemoval.remove(path(id));
  }

  /** Those that exist. */
  public List<String> ids() {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> layers = Files.list(root)) {
      return layers.map(layer -> layer.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
