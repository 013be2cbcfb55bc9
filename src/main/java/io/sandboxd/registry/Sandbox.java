package io.sandboxd.registry;

import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.SandboxStatus;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
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

  /** What the commands of ended processes may take of the daemon's memory. */
  private static final long KEPT_COMMAND_BYTES = 1 << 20;

  /** What the commands of all may, the running ones too; one may be half a mebibyte long. */
  private static final long MOST_COMMAND_BYTES = 4 << 20;

  private final StateDirectory directory;
  private final StateListener listener;
  private final ReentrantReadWriteLock verbs = new ReentrantReadWriteLock(true);
  private final ConcurrentSkipListMap<Integer, SandboxProcess> processes =
      new ConcurrentSkipListMap<>();
  private final Map<String, SandboxProcess> byId = new ConcurrentHashMap<>();
  private final AtomicInteger lastSeq = new AtomicInteger();
  private final AtomicLong commandBytes = new AtomicLong();
  private final AtomicBoolean leaving = new AtomicBoolean();
  private volatile SandboxStatus status;

  Sandbox(StateDirectory directory, StateListener listener, SandboxStatus status) {
    this.directory = directory;
    this.listener = listener;
    this.status = status;
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

  /**
   * Notes whether it is on its way out, and no longer one of those that a user may have.
   *
   * @return whether it was
   */
  public boolean leave(boolean leaves) {
    return leaving.getAndSet(leaves);
  }

  boolean isLeaving() {
    return leaving.get();
  }

  public Collection<SandboxProcess> processes() {
    return processes.values();
  }

  public Optional<SandboxProcess> process(int seq) {
    return Optional.ofNullable(processes.get(seq));
  }

  /**
   * @throws SandboxException {@code not_found}
   */
  public SandboxProcess process(String id) {
    SandboxProcess process = byId.get(id);
    if (process == null) {
      throw SandboxException.notFound("process", id);
    }
    return process;
  }

  /** The latest one, if it was ever started. */
  public Optional<SandboxProcess> main() {
    return Optional.ofNullable(byId.get(ProcessStatus.MAIN));
  }

  /**
   * Makes the place of a new process; it must be spawned or {@link #forget forgotten} then.
   *
   * @param id null: one is made
   * @param describe from the id and number to the status
   */
  public synchronized SandboxProcess addProcess(
      String id, java.util.function.BiFunction<String, Integer, ProcessStatus> describe) {
    int seq = lastSeq.incrementAndGet();
    while (id == null && byId.containsKey("p" + seq)) {
      seq = lastSeq.incrementAndGet(); // a client has called one of its own so
    }
    String chosen = id == null ? "p" + seq : id;
    if (byId.containsKey(chosen) && !chosen.equals(ProcessStatus.MAIN)) {
      throw new SandboxException(
              ErrorCode.NAME_IN_USE,
              "The sandbox '" + name() + "' has a process '" + chosen + "' already.")
          .with("field", "id");
    }
    ProcessStatus described = describe.apply(chosen, seq);
    if (commandBytes.get() + commandBytes(described) > MOST_COMMAND_BYTES) {
      throw new SandboxException(
          ErrorCode.LIMIT_EXCEEDED,
          "The commands of this sandbox's processes are "
              + commandBytes
              + " bytes long, and can be "
              + MOST_COMMAND_BYTES
              + ": pass less in args, or wait until some have ended.");
    }
    SandboxProcess process = new SandboxProcess(this, directory, listener, described, false);
    put(process);
    return process;
  }

  private static long commandBytes(ProcessStatus process) {
    return process.args().stream().mapToLong(String::length).sum();
  }

  private void put(SandboxProcess process) {
    processes.put(process.seq(), process);
    commandBytes.addAndGet(commandBytes(process.status()));
    byId.put(process.status().id(), process);
  }

  /** A process that was there before the daemon was. */
  public synchronized SandboxProcess restore(ProcessStatus known) {
    SandboxProcess process = new SandboxProcess(this, directory, listener, known, true);
    put(process);
    retire(known.seq());
    return process;
  }

  /**
   * No other process shall have this number: init may yet tell of the one it was for, which is not
   * known any more.
   */
  public void retire(int seq) {
    lastSeq.accumulateAndGet(seq, Math::max);
  }

  /** Of a process that never came to be, or whose successor has started, nothing is kept. */
  public void forget(SandboxProcess process) {
    if (take(process)) {
      // Not under the lock: a process's own comes first, as its end changes the sandbox.
      process.close();
      directory.deleteProcess(id(), process.seq());
    }
  }

  private synchronized boolean take(SandboxProcess process) {
    if (processes.remove(process.seq()) == null) {
      return false;
    }
    commandBytes.addAndGet(-commandBytes(process.status()));
    byId.remove(process.status().id(), process);
    if (process.isMain()) {
      // One that could not be started leaves the former one as it was.
      processes.values().stream()
          .filter(SandboxProcess::isMain)
          .forEach(former -> byId.putIfAbsent(ProcessStatus.MAIN, former));
    }
    return true;
  }

  /**
   * The processes beside main that have ended longest ago, as far as there are more than so many
   * processes, or their commands are too long to be kept.
   */
  public List<SandboxProcess> endedBeyond(int most) {
    long tooMany = processes.size() - (long) most;
    long tooLong = commandBytes.get() - KEPT_COMMAND_BYTES;
    if (tooMany <= 0 && tooLong <= 0) {
      return List.of();
    }
    List<SandboxProcess> beyond = new ArrayList<>();
    for (SandboxProcess process : processes.values()) {
      if (tooMany <= 0 && tooLong <= 0) {
        break;
      }
      if (process.isDispensable()) {
        beyond.add(process);
        tooMany--;
        tooLong -= commandBytes(process.status());
      }
    }
    return beyond;
  }
}
