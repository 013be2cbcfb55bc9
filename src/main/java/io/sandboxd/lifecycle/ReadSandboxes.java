package io.sandboxd.lifecycle;

import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.registry.StateDirectory;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.SandboxStatus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Takes in what a former daemon has put on file. What cannot be read, or cannot be true, makes one
 * sandbox broken, whose files stay as they are: they may be a newer daemon's, or be mended.
 */
final class ReadSandboxes {
  private static final Logger LOG = Logger.getLogger(ReadSandboxes.class);
  private static final EnumSet<SandboxState> ON_THE_WAY =
      EnumSet.of(SandboxState.CREATING, SandboxState.DELETING);

  private final SandboxRegistry registry;
  private final StateDirectory directory;

  ReadSandboxes(SandboxRegistry registry, StateDirectory directory) {
    this.registry = registry;
    this.directory = directory;
  }

  /**
   * What is on file of one sandbox.
   *
   * @param status null if it is unreadable
   * @param cutOff numbers of processes that never came to be
   * @param trouble null, or what is wrong with a file
   */
  private record OnFile(
      String id,
      SandboxStatus status,
      List<ProcessStatus> processes,
      List<Integer> cutOff,
      String trouble) {}

  List<Sandbox> all() {
    // To read is most of the work, and for one sandbox it has nothing to do with another.
    List<OnFile> files =
        directory.ids().parallelStream().map(this::look).flatMap(Optional::stream).toList();
    List<Sandbox> found = new ArrayList<>();
    files.stream()
        .filter(file -> file.status() == null)
        .forEach(file -> found.add(unreadable(file.id(), file.trouble())));
    // Of two with one name it is the older one's.
    files.stream()
        .filter(file -> file.status() != null)
        .sorted(Comparator.comparing(file -> file.status().createdAt()))
        .forEach(
            file -> {
              found.add(restore(file));
              Fault.RECOVER_READ.here((Sandbox) null);
            });
    return found;
  }

  /** Empty for a place where no sandbox ever was. */
  private Optional<OnFile> look(String id) {
    try {
      if (!directory.isRecorded(id)) {
        if (SandboxIds.isOne(id)) { // else somebody keeps something there
          removeUnused(id);
        }
        return Optional.empty();
      }
      return Optional.of(look(directory.readSandbox(id)));
    } catch (RuntimeException e) {
      return Optional.of(new OnFile(id, null, List.of(), List.of(), e.getMessage()));
    }
  }

  private OnFile look(SandboxStatus status) {
    List<ProcessStatus> processes = new ArrayList<>();
    List<Integer> cutOff = new ArrayList<>();
    String trouble = null;
    for (int seq : directory.processNumbers(status.id())) {
      try {
        if (!directory.isRecorded(status.id(), seq)) {
          directory.deleteProcess(status.id(), seq);
          cutOff.add(seq);
          continue;
        }
        processes.add(directory.readProcess(status.id(), seq));
      } catch (RuntimeException e) {
        if (trouble == null && !ON_THE_WAY.contains(status.state())) {
          trouble = "The state of its process " + seq + " cannot be read: " + e.getMessage();
        }
      }
    }
    return new OnFile(status.id(), status, processes, cutOff, trouble);
  }

  private void removeUnused(String id) {
    try {
      directory.deleteSandbox(id);
    } catch (RuntimeException e) {
      LOG.warnf("%s cannot be taken away: %s", directory.sandbox(id), e.getMessage());
    }
  }

  private Sandbox restore(OnFile file) {
    SandboxStatus status = file.status();
    try {
      if (registry.find(status.name()).isPresent()) {
        throw new IllegalStateException("another sandbox is called '" + status.name() + "' too");
      }
      return file.trouble() == null ? whole(file) : broken(status, file.trouble());
    } catch (RuntimeException e) {
      return unreadable(status.id(), e.getMessage());
    }
  }

  private Sandbox unreadable(String id, String why) {
    LOG.errorf("The state of sandbox %s cannot be read: %s", id, why);
    return registry.restore(SandboxIds.unreadable(id, why));
  }

  private Sandbox whole(OnFile file) {
    SandboxStatus status = file.status();
    List<ProcessStatus> processes = file.processes();
    Optional<ProcessStatus> main =
        processes.stream().filter(ReadSandboxes::isMainForSure).reduce((former, next) -> next);
    Sandbox sandbox =
        registry.restore(main.map(process -> completed(status, process)).orElse(status));
    processes.forEach(sandbox::restore);
    file.cutOff().forEach(sandbox::retire);
    int latest = main.map(ProcessStatus::seq).orElse(0);
    sandbox.processes().stream()
        .filter(process -> process.isMain() && process.seq() < latest)
        .toList()
        .forEach(sandbox::forget); // its successor was started already
    return sandbox;
  }

  /** One that was merely intended may never have been. */
  private static boolean isMainForSure(ProcessStatus process) {
    boolean made = process.sandboxPid() != null || process.state() == ProcessStatus.State.EXITED;
    return made && process.id().equals(ProcessStatus.MAIN);
  }

  private Sandbox broken(SandboxStatus status, String why) {
    LOG.errorf("Sandbox %s: %s", status.name(), why);
    return registry.restore(status.broken(why));
  }

  /**
   * The start and the end of the main process are put into its own file first, and a crash may have
   * come before they were put into that of the sandbox.
   */
  private static SandboxStatus completed(SandboxStatus status, ProcessStatus main) {
    SandboxStatus known = status;
    boolean mayStart = known.state().mayBecome(SandboxState.RUNNING);
    if (mayStart
        && known.state() != SandboxState.PAUSED
        && !Objects.equals(known.startedAt(), main.startedAt())) {
      known = known.started(main.startedAt());
    }
    boolean over = main.state() == ProcessStatus.State.EXITED;
    return over && known.state() == SandboxState.RUNNING
        ? known.stopped(main.exitedAt(), main.exit())
        : known;
  }
}
