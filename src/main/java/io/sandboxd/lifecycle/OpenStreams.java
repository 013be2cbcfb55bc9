package io.sandboxd.lifecycle;

import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.linux.Syscalls.Pipe;
import io.sandboxd.process.OutputLog.Stream;
import io.sandboxd.process.OutputPipe;
import io.sandboxd.process.Terminal;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.ProcessSpec.ConsoleSize;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes the standard streams of a new process: files, pipes or a terminal, as its spec has it. The
 * daemon's ends are put where requests find them, the process's are handed back.
 */
final class OpenStreams {
  /**
   * What goes to init with the message.
   *
   * @param stdio stdin, stdout, stderr
   * @param kept what init shall keep for the next daemon; null: nothing
   */
  record Ends(List<Fd> stdio, Fd kept) implements AutoCloseable {
    /** Only the process's: those of the daemon are its own, and init's are copies. */
    @Override
    public void close() {
      stdio.forEach(Fd::close);
    }
  }

  private final Syscalls syscalls;
  private final Inits inits;
  private final Streams streams;

  OpenStreams(Syscalls syscalls, Inits inits, Streams streams) {
    this.syscalls = syscalls;
    this.inits = inits;
    this.streams = streams;
  }

  /**
   * @param uid its user on the host
   * @param gid its group on the host
   * @param input what it reads from stdin; null: what its spec says
   */
  Ends open(SandboxProcess process, ProcessSpec spec, long uid, long gid, byte[] input) {
    if (spec.hasTerminal()) {
      return terminal(process, spec, uid);
    }
    List<Fd> stdio = new ArrayList<>();
    try {
      Fd kept = null;
      if (input == null && spec.takesInput()) {
        Pipe pipe = syscalls.pipe();
        stdio.add(owned(pipe.read(), uid, gid));
        kept = pipe.write();
        syscalls.setNonBlocking(kept);
        streams.feed(process, kept);
      } else {
        stdin(stdio, input);
      }
      for (Stream stream : Stream.values()) {
        stdio.add(
            spec.streams() ? pipe(process, stream, uid, gid) : file(process, stream, uid, gid));
      }
      return new Ends(stdio, kept);
    } catch (RuntimeException e) {
      stdio.forEach(Fd::close);
      throw e;
    }
  }

  private Ends terminal(SandboxProcess process, ProcessSpec spec, long uid) {
    ConsoleSize size =
        spec.consoleSize() == null ? ProcessSpec.DEFAULT_CONSOLE : spec.consoleSize();
    Sandbox sandbox = process.sandbox();
    try (Fd root = inits.openProc(sandbox, "root", Syscalls.O_PATH | Syscalls.O_DIRECTORY)) {
      Terminal terminal = Terminal.open(syscalls, root, uid, size.height(), size.width());
      try {
        streams.terminal(process, terminal.master());
      } catch (RuntimeException e) {
        terminal.close();
        throw e;
      }
      return new Ends(
          List.of(terminal.slave(), terminal.slave(), terminal.slave()), terminal.master());
    }
  }

  /**
   * A file rather than a pipe: nobody has to feed it, and a process that never reads holds up
   * nobody.
   */
  private void stdin(List<Fd> stdio, byte[] input) {
    if (input == null) {
      stdio.add(syscalls.open("/dev/null", Syscalls.O_RDONLY, 0));
      return;
    }
    try (Fd content = syscalls.sealedMemfd("stdin", input)) {
      stdio.add(syscalls.open(content.procPath(), Syscalls.O_RDONLY, 0));
    }
  }

  private Fd file(SandboxProcess process, Stream stream, long uid, long gid) {
    return streams.log(process, stream).create(uid, gid);
  }

  private Fd pipe(SandboxProcess process, Stream stream, long uid, long gid) {
    Pipe pipe = syscalls.pipe();
    streams.of(process).pipe(stream, new OutputPipe(syscalls, streams.loop(), pipe.read()));
    return owned(pipe.write(), uid, gid);
  }

  /** So that the process can open /dev/stdin, /dev/stdout and /dev/stderr anew. */
  private Fd owned(Fd end, long uid, long gid) {
    try {
      syscalls.fchown(end, uid, gid);
      return end;
    } catch (RuntimeException e) {
      end.close();
      throw e;
    }
  }
}
