package io.sandboxd.lifecycle;

import io.sandboxd.launch.InitChannel;
import io.sandboxd.launch.ProcessPlanner;
import io.sandboxd.launch.Step;
import io.sandboxd.linux.Errno;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.process.OutputLog;
import io.sandboxd.process.OutputLog.Stream;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec.IdMappings;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** What start and exec have in common: one message to init, and a process runs inside. */
public final class LaunchProcess {
  private static final String EXECVE = "execve";

  private final Syscalls syscalls;
  private final Inits inits;
  private final ResolveProcess resolve;
  private final EnforceTimeout timeouts;

  public LaunchProcess(
      Syscalls syscalls, Inits inits, ResolveProcess resolve, EnforceTimeout timeouts) {
    this.syscalls = syscalls;
    this.inits = inits;
    this.resolve = resolve;
    this.timeouts = timeouts;
  }

  /**
   * @param id null: one is made
   * @param input what it reads from stdin; null: nothing
   * @throws SandboxException {@code launch_failed}; nothing is kept of it then
   */
  SandboxProcess launch(Sandbox sandbox, String id, ProcessSpec spec, byte[] input) {
    InitChannel channel = inits.channel(sandbox);
    ProcessPlanner.Process process = resolve.resolve(sandbox, spec);
    List<Step> steps = ProcessPlanner.steps(process);
    SandboxProcess made =
        sandbox.addProcess(
            id,
            (chosen, seq) ->
                ProcessStatus.running(chosen, seq, null, null, spec.args(), Instant.now()));
    List<Fd> stdio = new ArrayList<>();
    try {
      stdio.add(stdin(input));
      IdMappings ids = sandbox.status().idMappings();
      Path files = made.files();
      for (Stream stream : Stream.values()) {
        stdio.add(
            OutputLog.of(files, stream)
                .create(
                    syscalls, HostIds.uid(ids, process.uid()), HostIds.gid(ids, process.gid())));
      }
      InitChannel.Spawned spawned =
          OomScore.with(
              syscalls,
              sandbox.status().pid(),
              process.oomScoreAdj(),
              () -> channel.spawn(made.seq(), steps, stdio));
      made.spawned(spawned.pid(), spawned.pidInside(), spawned.pidfd());
    } catch (RuntimeException e) {
      sandbox.forget(made);
      throw e instanceof SandboxException told ? withExitCode(told) : e;
    } finally {
      stdio.forEach(Fd::close);
    }
    if (spec.timeout() != null) {
      timeouts.watch(made, spec.timeout());
    }
    return made;
  }

  /**
   * A file rather than a pipe: nobody has to feed it, and a process that never reads holds up
   * nobody.
   */
  private Fd stdin(byte[] input) {
    if (input == null) {
      return syscalls.open("/dev/null", Syscalls.O_RDONLY, 0);
    }
    try (Fd content = syscalls.sealedMemfd("stdin", input)) {
      return syscalls.open(content.procPath(), Syscalls.O_RDONLY, 0);
    }
  }

  /**
   * What a shell would exit with (POSIX, 2.8.2): 127 for a command that is not there, 126 for one
   * that cannot run.
   */
  private static SandboxException withExitCode(SandboxException failure) {
    if (EXECVE.equals(failure.fields().get("step"))) {
      Object errno = failure.fields().get("errno");
      boolean missing = errno.equals(Errno.ENOENT) || errno.equals(Errno.ENOTDIR);
      failure.with("exitCode", missing ? 127 : 126);
    }
    return failure;
  }
}
