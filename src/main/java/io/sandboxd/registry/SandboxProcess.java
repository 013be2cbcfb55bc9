package io.sandboxd.registry;

import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.ExitStatus;
import io.sandboxd.sandbox.ProcessStatus;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jboss.logging.Logger;

/** One process of a sandbox, running or ended. */
public final class SandboxProcess {
  private static final Logger LOG = Logger.getLogger(SandboxProcess.class);

  /** What the daemon did to it, which tells a death by its hand from any other. */
  public record Doom(ExitStatus.Reason reason, int signal, String by) {}

  private final Sandbox sandbox;
  private final StateDirectory directory;
  private final CompletableFuture<ProcessStatus> ended = new CompletableFuture<>();
  private final AtomicReference<Doom> doom = new AtomicReference<>();
  private volatile ProcessStatus status;
  private volatile Fd pidfd;

  SandboxProcess(Sandbox sandbox, StateDirectory directory, ProcessStatus status) {
    this.sandbox = sandbox;
    this.directory = directory;
    this.status = status;
    if (status.state() == ProcessStatus.State.EXITED) {
      ended.complete(status);
    }
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
    return ended.isDone();
  }

  /**
   * Completes when it has ended, with how; for any number of waiters. A waiter may cancel its own
   * copy only.
   */
  public CompletableFuture<ProcessStatus> ended() {
    return ended.copy();
  }

  /** Where its output lies: files {@code stdout} and {@code stderr}. */
  public Path files() {
    return directory.process(sandbox.id(), seq());
  }

  /**
   * The kernel has made it; it may have ended already. Only now is it put on file: one whose start
   * was cut off by a crash is nobody's, and is ended at the recovery.
   */
  public synchronized void spawned(Integer pid, Integer sandboxPid, Fd newPidfd) {
    ProcessStatus s = status;
    status =
        new ProcessStatus(
            s.version(),
            s.id(),
            s.seq(),
            pid,
            sandboxPid,
            s.args(),
            s.state(),
            s.startedAt(),
            s.exitedAt(),
            s.exit(),
            s.usage());
    store();
    pidfd = newPidfd;
    if (isOver()) {
      close();
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
      return true;
    }
    status = status.exited(at, exit, usage);
    boolean stored = tryStore();
    close();
    beforeAnyoneIsTold.run();
    ended.complete(status);
    return stored;
  }

  private boolean tryStore() {
    try {
      store();
      return true;
    } catch (UncheckedIOException e) {
      LOG.errorf("The end of a process cannot be put on file: %s", e.getMessage());
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
    directory.write(sandbox.id(), status);
  }

  synchronized void close() {
    if (pidfd != null) {
      pidfd.close();
      pidfd = null;
    }
  }
}
