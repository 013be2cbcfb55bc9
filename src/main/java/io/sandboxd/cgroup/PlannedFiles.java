package io.sandboxd.cgroup;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The files of a group that is not there: keeps what would be written. It has the files that a
 * group beside it has.
 */
final class PlannedFiles implements ControlFiles {
  private final ControlFiles real;
  private final Path model;
  private final List<Cgroups.Write> writes = new ArrayList<>();

  /**
   * @param model a group that there is, in the same hierarchy
   */
  PlannedFiles(ControlFiles real, Path model) {
    this.real = real;
    this.model = model;
  }

  List<Cgroups.Write> writes() {
    return writes;
  }

  @Override
  public Optional<String> read(Path file) {
    return real.read(file);
  }

  @Override
  public void write(Path file, String text) {
    writes.add(new Cgroups.Write(file, text.strip()));
  }

  @Override
  public boolean exists(Path path) {
    return real.exists(model.resolve(path.getFileName()));
  }

  @Override
  public void makeDirectory(Path directory) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void removeDirectory(Path directory) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<Path> directories(Path directory) {
    return List.of();
  }

  @Override
  public boolean await(BooleanSupplier condition, Path events, Duration limit) {
    throw new UnsupportedOperationException();
  }
}
