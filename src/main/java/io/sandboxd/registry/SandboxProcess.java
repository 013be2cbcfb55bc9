package io.sandboxd.registry;

import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.ExitStatus;
import io.sandboxd.sandbox.ProcessStatus;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jboss.logging.Logger;

/** One process of a sandbox, running or ended. */
public final class SandboxProcess {
  private static final Logger LOG = Logger.getLogger(SandboxProcess.class);

  /** What the daemon did to it, which tells a death by its hand from any other. */
  public record Doom(ExitStatus.Reason reason, int signal, String by) {}

  private final Sandbox sandbox;
  private final StateDirectory directory;
  private final StateListener listener;
  private final Set<CompletableFuture<ProcessStatus>> waiting = ConcurrentHashMap.newKeySet();
  private final AtomicReference<Doom> doom = new AtomicReference<>();
  private volatile ProcessStatus status;

  /** Null until it has been put there. */
  private volatile ProcessStatus onFile;

  private volatile boolean told;
  private volatile boolean unsure;
  private boolean announced;
  private boolean stored;
  private final AtomicInteger answersDue = new AtomicInteger();
  private volatile Fd pidfd;

  SandboxProcess(
      Sandbox sandbox,
      StateDirectory directory,
      StateListener listener,
      ProcessStatus status,
      boolean announced) {
    this.sandbox = sandbox;
    this.directory = directory;
    this.listener = listener;
    this.status = status;
    this.onFile = announced ? status : null;
    this.told = isOver();
    this.stored = told;
    this.unsure = announced && !told && status.sandboxPid() == null;
    this.announced = announced && !unsure;
  }

  public Sandbox sandbox() {
    return sandbox;
  }

  public int seq() {
    return status.seq();
  }

  public ProcessStatus status() {
    return status;
  }

  public boolean isMain() {
    return status.id().equals(ProcessStatus.MAIN);
  }

  /** As {@link #hasEnded}, and a moment earlier: nobody may have been told yet. */
  public boolean isOver() {
    return status.state() == ProcessStatus.State.EXITED;
  }

  public boolean hasEnded() {
    return told;
  }

  /**
   * Completes when it has ended, with how; for any number of waiters. One who waits no longer
   * completes or cancels it, and leaves nothing behind.
   */
  public CompletableFuture<ProcessStatus> ended() {
    CompletableFuture<ProcessStatus> waiter = new CompletableFuture<>();
    waiting.add(waiter);
    if (told) {
      waiter.complete(status);
    }
    var unused = waiter.whenComplete((ended, failure) -> waiting.remove(waiter));
    return waiter;
  }

  /** Somebody is to be given what it writes when it has ended: until then it must not go. */
  public void keepForAnswer() {
    answersDue.incrementAndGet();
  }

  public void answered() {
    answersDue.decrementAndGet();
  }

  /** Whether it may be forgotten as far as anybody here knows. */
  boolean isDispensable() {
    return told && answersDue.get() <= 0 && !isMain();
  }

  /** Where its output lies, with that of all others of its sandbox. */
  public Path output() {
    return directory.output(sandbox.id());
  }

  /** Where it is written down how much it was fed. */
  public Path stdinRecord() {
    return directory.stdinRecord(sandbox.id(), seq());
  }

  /** Where it is written down what it was fed under a key. */
  public Path keyedInput() {
    return directory.keyedInput(sandbox.id(), seq());
  }

  /** Known from here on, but not yet on file. */
  public synchronized void hasPids(Integer pid, Integer sandboxPid) {
    status = status.withPids(pid, sandboxPid);
  }

  /**
   * Puts on file that it is about to be made. Should a crash come before its start is answered, it
   * is known all the same, and is not made a second time for who asks again; and if there is no
   * room for it on file, it is not made at all.
   */
  public synchronized void intend() {
    store();
  }

  /** Whether it was intended by a former daemon, and nobody has told yet that it was made. */
  public boolean isUnsure() {
    return unsure;
  }

  /**
   * The kernel has made it, and this is the hold on it; it may have ended already. That is to be
   * {@link #settle put on file} soon; until then it is one that was intended.
   */
  public synchronized void spawned(Fd newPidfd) {
    close(); // there is one already if init was lost and found again
    pidfd = newPidfd;
    if (isOver()) {
      close();
    }
  }

  /** Puts on file what is not there yet. */
  public synchronized void settle() {
    if (!isOver() && !status.equals(onFile)) {
      tryStore();
    }
  }

  /**
   * Makes its start known and, if that was meanwhile, its end. Until then neither is, so that
   * nobody hears of the end of what he has not heard of.
   *
   * @param asWell what is so because it runs, and is to be known before its end
   * @param ifOver what is so because it has ended, and is to be known after that
   */
  public synchronized void announce(Runnable asWell, Runnable ifOver) {
    listener.started(sandbox.status(), status.asStarted());
    announced = true;
    try {
      asWell.run();
    } finally {
      if (isOver()) {
        listener.ended(sandbox.status(), status);
        ifOver.run();
      }
    }
  }

  /**
   * Notes what the daemon does to it. That its time was up stays the reason, whatever is sent
   * later.
   */
  public void doom(ExitStatus.Reason reason, int signal, String by) {
    Doom latest = new Doom(reason, signal, by);
    doom.updateAndGet(d -> d != null && d.reason() == ExitStatus.Reason.timeout ? d : latest);
  }

  /** Null when nothing of ours has befallen it. */
  public Doom doom() {
    return doom.get();
  }

  /**
   * Records the end, in the file first: whoever is told, it is true also after a crash. Later calls
   * change nothing.
   *
   * @param beforeAnyoneIsTold what must be true by then
   * @return whether it is on file; if not, its init must keep it
   */
  public synchronized boolean end(
      Instant at, ExitStatus exit, ProcessStatus.Usage usage, Runnable beforeAnyoneIsTold) {
    if (isOver()) {
      stored = stored || tryStore();
      return stored;
    }
    startIsSure();
    status = status.exited(at, exit, usage);
    stored = tryStore();
    close();
    if (announced) {
      listener.ended(sandbox.status(), status);
    }
    beforeAnyoneIsTold.run();
    told = true;
    waiting.forEach(waiter -> waiter.complete(status));
    return stored;
  }

  /** The former daemon has told of its start, though it could not put that on file. */
  public synchronized void startWasTold() {
    announced = true;
  }

  /** It was made, as somebody has told who knows. */
  public synchronized void startIsSure() {
    if (unsure) {
      unsure = false;
      if (!announced) {
        listener.started(sandbox.status(), status.asStarted());
        announced = true;
      }
    }
  }

  private boolean tryStore() {
    try {
      store();
      return true;
    } catch (UncheckedIOException e) {
      LOG.errorf("A process's state cannot be put on file: %s", e.getMessage());
      return false;
    }
  }

  /** pidfd_send_signal(2); false when it has ended. */
  public synchronized boolean signal(Syscalls syscalls, int signal) {
    return pidfd != null && syscalls.pidfdSendSignal(pidfd, signal);
  }

  /**
   * Whether the kernel's hold on it is ours: false after a restart, until its init has told of it.
   */
  public boolean isHeld() {
    return pidfd != null;
  }

  void store() {
    if (!sandbox.isEphemeral()) {
      directory.write(sandbox.id(), status);
    }
    onFile = status;
  }

  synchronized void close() {
    if (pidfd != null) {
      pidfd.close();
      pidfd = null;
    }
  }
}
