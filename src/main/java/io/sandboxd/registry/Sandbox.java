package io.sandboxd.registry;

import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.SandboxStatus;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jboss.logging.Logger;

/**
 * One sandbox of the registry. Verbs run one at a time ({@link #exclusively}); what happens by
 * itself, an exit above all, does not wait for them and changes the status directly ({@link
 * #update}), which is why a verb may not take the status for unchanged while it waits for the
 * kernel.
 */
public final class Sandbox {
  private static final Logger LOG = Logger.getLogger(Sandbox.class);

  private final StateDirectory directory;
  private final StateListener listener;
  private final ReentrantReadWriteLock verbs = new ReentrantReadWriteLock(true);
  private final ProcessTable processes;
  private volatile SandboxStatus status;

  Sandbox(StateDirectory directory, StateListener listener, SandboxStatus status) {
    this.directory = directory;
    this.listener = listener;
    this.status = status;
    this.processes = new ProcessTable(status.name());
  }

  public String id() {
    return status.id();
  }

  public String name() {
    return status.name();
  }

  public SandboxState state() {
    return status.state();
  }

  public SandboxStatus status() {
    return status;
  }

  /** Whether there is such a sandbox, as far as this caller may know. */
  public boolean isVisibleTo(Caller caller) {
    return caller.sees(status.owner());
  }

  /** As clients see it: with the main process. */
  public SandboxStatus shown() {
    return status.withProcesses(
        main().map(p -> Map.of(ProcessStatus.MAIN, p.status())).orElse(Map.of()));
  }

  /** Runs a verb when no other one runs on this sandbox. */
  public <T> T exclusively(Supplier<T> verb) {
    return under(verbs.writeLock(), verb);
  }

  /** Runs a verb that others of its kind may run beside, but no exclusive one. */
  public <T> T together(Supplier<T> verb) {
    return under(verbs.readLock(), verb);
  }

  private static <T> T under(Lock lock, Supplier<T> verb) {
    lock.lock();
    try {
      return verb.get();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Changes the status, in memory and, unless that stays as it is, in the file.
   *
   * @throws SandboxException {@code wrong_state} when the change is one that the transition table
   *     does not have
   */
  public synchronized SandboxStatus update(UnaryOperator<SandboxStatus> change) {
    SandboxStatus next = change.apply(status);
    if (next.state() != status.state() && !status.state().mayBecome(next.state())) {
      throw SandboxException.wrongState(
          "The sandbox '"
              + name()
              + "' is "
              + status.state().word()
              + ", so it cannot become "
              + next.state().word()
              + ".");
    }
    if (!isEphemeral() || next.state() == SandboxState.CREATING) {
      directory.write(next);
    }
    become(next);
    return next;
  }

  /**
   * Whether it goes with the request that made it. On file it stays one that is being created, as
   * which the next daemon puts it away.
   */
  public boolean isEphemeral() {
    return Boolean.TRUE.equals(status.ephemeral());
  }

  private void become(SandboxStatus next) {
    SandboxStatus before = status;
    status = next;
    listener.changed(before, next);
  }

  /**
   * Notes what has happened by itself, if the sandbox is in one of the given states. It has
   * happened even if there is no room to write it down.
   */
  public synchronized boolean updateIf(
      Collection<SandboxState> states, UnaryOperator<SandboxStatus> change) {
    if (!states.contains(status.state())) {
      return false;
    }
    try {
      update(change);
    } catch (UncheckedIOException e) {
      LOG.errorf("Sandbox %s: its state cannot be put on file: %s", name(), e.getMessage());
      become(change.apply(status));
    }
    return true;
  }

  /**
   * Nothing can be done with it, as far as this daemon can see. What is on file stays, so that the
   * next one can look again.
   */
  public synchronized void breakForNow(String why) {
    if (status.state().mayBecome(SandboxState.BROKEN)) {
      become(status.broken(why));
    }
  }

  public void require(Collection<SandboxState> states, String toDo) {
    if (!states.contains(state())) {
      throw SandboxException.wrongState(
              "The sandbox '" + name() + "' is " + state().word() + ": " + toDo + ".")
          .with("state", state().word());
    }
  }

  public Collection<SandboxProcess> processes() {
    return processes.all();
  }

  public Optional<SandboxProcess> process(int seq) {
    return Optional.ofNullable(processes.of(seq));
  }

  /**
   * @throws SandboxException {@code not_found}
   */
  public SandboxProcess process(String id) {
    SandboxProcess process = processes.of(id);
    if (process == null && id.equals(ProcessStatus.MAIN)) {
      throw new SandboxException(
          ErrorCode.NOT_FOUND, "There is no process 'main': the sandbox was never started.");
    }
    if (process == null) {
      throw SandboxException.notFound("process", id);
    }
    return process;
  }

  /** The latest one, if it was ever started. */
  public Optional<SandboxProcess> main() {
    return Optional.ofNullable(processes.of(ProcessStatus.MAIN));
  }

  /**
   * Makes the place of a new process; it must be spawned or {@link #forget forgotten} then.
   *
   * @param id null: one is made
   * @param describe from the id and number to the status
   * @throws SandboxException {@code name_in_use}; {@code limit_exceeded}
   */
  public SandboxProcess addProcess(String id, BiFunction<String, Integer, ProcessStatus> describe) {
    return processes.add(id, (name, seq) -> process(describe.apply(name, seq), false));
  }

  private SandboxProcess process(ProcessStatus status, boolean announced) {
    return new SandboxProcess(this, directory, listener, status, announced);
  }

  /** A process that was there before the daemon was. */
  public SandboxProcess restore(ProcessStatus known) {
    SandboxProcess process = process(known, true);
    processes.put(process);
    return process;
  }

  /**
   * No other process shall have this number: init may yet tell of the one it was for, which is not
   * known any more.
   */
  public void retire(int seq) {
    processes.retire(seq);
  }

  /** Of a process that never came to be, or whose successor has started, nothing is kept. */
  public void forget(SandboxProcess process) {
    if (processes.take(process)) {
      process.close();
      directory.deleteProcess(id(), process.seq());
    }
  }

  /**
   * The processes beside main that have ended longest ago, as far as there are more than so many
   * processes, or their commands are too long to be kept.
   */
  public List<SandboxProcess> endedBeyond(int most) {
    return processes.endedBeyond(most);
  }
}
