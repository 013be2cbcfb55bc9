package io.sandboxd.lifecycle;

import io.sandboxd.linux.EpollLoop;
import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.process.KeyedBodies;
import io.sandboxd.process.OutputLog;
import io.sandboxd.process.OutputLog.Stream;
import io.sandboxd.process.OutputWatch;
import io.sandboxd.process.ProcessStreams;
import io.sandboxd.process.StdinRecord;
import io.sandboxd.process.StdinWriter;
import io.sandboxd.process.TerminalLog;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.registry.StateDirectory;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.ProcessTerms;
import io.sandboxd.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import org.jboss.logging.Logger;

/**
 * The standard streams of all processes: what the daemon holds of them, who hears when they move,
 * and how much of them is kept.
 */
public final class Streams {
  private static final Logger LOG = Logger.getLogger(Streams.class);

  private final Syscalls syscalls;
  private final EpollLoop loop;
  private final OutputWatch watch;
  private final StateDirectory directory;
  private final Inits inits;
  private final Map<SandboxProcess, ProcessStreams> streams = new ConcurrentHashMap<>();

  /**
   * @param loop for what the streams do
   */
  public Streams(
      Syscalls syscalls,
      EpollLoop loop,
      ScheduledExecutorService timer,
      StateDirectory directory,
      Inits inits) {
    this.syscalls = syscalls;
    this.loop = loop;
    this.watch = new OutputWatch(syscalls, loop, timer);
    this.directory = directory;
    this.inits = inits;
  }

  EpollLoop loop() {
    return loop;
  }

  /**
   * Hears from now on what the processes of a sandbox write.
   *
   * @throws SandboxException {@code limit_exceeded}
   */
  void watch(Sandbox sandbox) {
    Path logs = directory.output(sandbox.id());
    try {
      watch.watch(logs, fileName -> written(sandbox, fileName));
    } catch (ErrnoException e) {
      throw new SandboxException(
              ErrorCode.LIMIT_EXCEEDED,
              "The output of the sandbox '"
                  + sandbox.name()
                  + "' cannot be watched: "
                  + e.getMessage()
                  + (e.errno() == Errno.ENOSPC
                      ? "; the host's limit is fs.inotify.max_user_watches."
                      : "."),
              e)
          .with("syscall", e.syscall())
          .with("errno", e.errno())
          .with("errnoName", e.errnoName());
    }
    written(sandbox, null);
  }

  void forget(Sandbox sandbox) {
    watch.forget(directory.output(sandbox.id()));
    sandbox.processes().forEach(this::forget);
  }

  private void written(Sandbox sandbox, String fileName) {
    if (fileName == null) {
      sandbox.processes().forEach(this::written);
    } else {
      OutputLog.seqOf(fileName).flatMap(sandbox::process).ifPresent(this::written);
    }
  }

  private void written(SandboxProcess process) {
    ProcessTerms terms = process.status().terms();
    for (Stream stream : Stream.values()) {
      try {
        log(process, stream).trim(terms.retention(), terms.head());
      } catch (ErrnoException | SandboxException e) {
        LOG.debugf("%s cannot be kept short: %s", log(process, stream), e.getMessage());
      }
    }
    of(process).changed();
  }

  OutputLog log(SandboxProcess process, Stream stream) {
    return OutputLog.of(syscalls, process.output(), process.seq(), stream);
  }

  /** Of a process that is known; those of one that is not are closed for good. */
  public ProcessStreams of(SandboxProcess process) {
    return streams.computeIfAbsent(process, p -> new ProcessStreams());
  }

  /**
   * The daemon's end of stdin.
   *
   * @param end not blocking; ours from now on
   */
  void feed(SandboxProcess process, Fd end) {
    StdinWriter writer =
        new StdinWriter(
            syscalls,
            loop,
            end,
            process.status().tty(),
            new StdinRecord(process.stdinRecord()),
            () -> release(process));
    of(process).input(writer, new KeyedBodies(process.keyedInput()));
  }

  /**
   * Its init has a copy of the pipe, and the process sees no end of file before both are closed.
   */
  private void release(SandboxProcess process) {
    try {
      inits.channel(process.sandbox()).release(process.seq());
    } catch (SandboxException | ErrnoException e) {
      // Init is gone, and its copy with it.
    }
  }

  /**
   * The daemon's side of a terminal.
   *
   * @param master not blocking; ours from now on
   */
  void terminal(SandboxProcess process, Fd master) {
    try {
      feed(process, syscalls.duplicate(master));
      of(process).terminal(new TerminalLog(syscalls, loop, master, log(process, Stream.STDOUT)));
    } catch (RuntimeException e) {
      master.close();
      throw e;
    }
  }

  /** What init has kept for a process that was there before this daemon was. */
  void adopt(SandboxProcess process, Fd kept) {
    ProcessStreams its = of(process);
    if (its.input() != null || its.terminal() != null) {
      kept.close();
    } else if (process.status().tty()) {
      terminal(process, kept);
    } else {
      feed(process, kept);
    }
  }

  /** The process has ended: what it has written is complete from now on. */
  void finish(SandboxProcess process) {
    of(process).finish();
  }

  /** Who waits shall look again. */
  void changed(SandboxProcess process) {
    of(process).changed();
  }

  /** It is no longer known. */
  void forget(SandboxProcess process) {
    ProcessStreams its = streams.remove(process);
    if (its != null) {
      its.close();
    }
  }
}
