package io.sandboxd.lifecycle;

import io.sandboxd.launch.InitChannel;
import io.sandboxd.launch.ProcessPlanner;
import io.sandboxd.launch.Step;
import io.sandboxd.linux.Errno;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.ProcessTerms;
import io.sandboxd.sandbox.RequestKey;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec.IdMappings;
import io.sandboxd.sandbox.Signal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/** What start and exec have in common: one message to init, and a process runs inside. */
public final class LaunchProcess {
  private static final Logger LOG = Logger.getLogger(LaunchProcess.class);
  private static final String EXECVE = "execve";

  /**
   * @param id null: one is made
   * @param input what it reads from stdin; null: what the spec says
   * @param awaited whether somebody is to be answered when it has ended, or has not {@link AwaitEnd
   *     soon}
   * @param head bytes of its output to keep at the beginning
   * @param key by which the client can ask for it again; null: none
   * @param times for its stages
   */
  record Order(
      String id,
      ProcessSpec spec,
      byte[] input,
      boolean awaited,
      long head,
      RequestKey key,
      StageTimes times) {}

  private final Syscalls syscalls;
  private final Inits inits;
  private final ResolveProcess resolve;
  private final Streams streams;
  private final OpenStreams openStreams;
  private final LimitProcess limits;
  private final EnforceTimeout timeouts;
  private final long retention;
  private final int most;

  /**
   * @param retention bytes of each output stream that are kept when nobody says how many
   * @param most processes of a sandbox that are kept: beyond that those that have ended longest ago
   *     are forgotten
   */
  public LaunchProcess(
      Syscalls syscalls,
      Inits inits,
      ResolveProcess resolve,
      Streams streams,
      LimitProcess limits,
      EnforceTimeout timeouts,
      long retention,
      int most) {
    this.syscalls = syscalls;
    this.inits = inits;
    this.resolve = resolve;
    this.streams = streams;
    this.openStreams = new OpenStreams(syscalls, inits, streams);
    this.limits = limits;
    this.timeouts = timeouts;
    this.retention = retention;
    this.most = most;
  }

  /**
   * @throws SandboxException {@code launch_failed}; nothing is kept of it then
   */
  SandboxProcess launch(Sandbox sandbox, Order order) {
    InitChannel channel = inits.channel(sandbox);
    ProcessPlanner.Process process = resolve(sandbox, order.spec());
    SandboxProcess made =
        sandbox.addProcess(
            order.id(),
            (id, seq) -> {
              Instant now = Instant.now();
              return ProcessStatus.starting(id, seq, order.spec(), now, terms(sandbox, order, now));
            });
    Fault.EXEC_ADDED.here(sandbox);
    if (order.awaited()) {
      made.keepForAnswer();
    }
    try {
      spawn(channel, made, process, order);
    } catch (RuntimeException e) {
      made.signal(syscalls, Signal.KILL.number()); // init may have told of it in another way
      forget(made);
      RuntimeException reason = inits.reason(sandbox, e);
      throw reason instanceof SandboxException told ? withExitCode(told) : reason;
    }
    Fault.EXEC_DONE.here(sandbox);
    timeouts.watch(made);
    return made;
  }

  private ProcessPlanner.Process resolve(Sandbox sandbox, ProcessSpec spec) {
    try {
      return resolve.resolve(sandbox, spec);
    } catch (RuntimeException e) {
      throw inits.reason(sandbox, e);
    }
  }

  private void spawn(
      InitChannel channel, SandboxProcess made, ProcessPlanner.Process process, Order order) {
    Sandbox sandbox = made.sandbox();
    IdMappings ids = sandbox.status().idMappings();
    long uid = HostIds.uid(ids, process.uid());
    long gid = HostIds.gid(ids, process.gid());
    made.intend(); // before there are files of its: what a crash leaves of them has an owner then
    Fault.EXEC_INTENDED.here(sandbox);
    try (OpenStreams.Ends ends = openStreams.open(made, order.spec(), uid, gid, order.input());
        LimitProcess.Group group = limits.prepare(made, order.spec().resources())) {
      Fault.EXEC_OPENED.here(sandbox);
      List<Fd> fds = new ArrayList<>(ends.stdio());
      int keep = ends.kept() == null ? -1 : fds.size();
      if (ends.kept() != null) {
        fds.add(ends.kept());
      }
      List<Integer> slots = new ArrayList<>();
      for (Fd procs : group.procs()) {
        slots.add(fds.size());
        fds.add(procs);
      }
      List<Step> steps = ProcessPlanner.steps(process, slots);
      order.times().done("prepare");
      Fd pidfd =
          OomScore.with(
              syscalls,
              sandbox.status().pid(),
              process.oomScoreAdj(),
              () -> channel.spawn(made.seq(), steps, fds, keep, () -> forgetOld(sandbox)));
      order.times().done("spawn");
      Fault.EXEC_SPAWNED.here(sandbox);
      made.spawned(pidfd);
      if (!order.awaited()) {
        made.settle();
      }
    }
  }

  private void forgetOld(Sandbox sandbox) {
    sandbox.endedBeyond(most).forEach(this::forget);
  }

  private ProcessTerms terms(Sandbox sandbox, Order order, Instant now) {
    ProcessSpec spec = order.spec();
    ByteSize own = spec.outputRetention();
    ByteSize ofSandbox = sandbox.status().spec().outputRetention();
    long kept = own != null ? own.bytes() : ofSandbox != null ? ofSandbox.bytes() : retention;
    return new ProcessTerms(
        kept,
        order.head(),
        spec.timeout() == null ? null : now.plus(spec.timeout()),
        spec.resources() != null,
        order.key() == null ? null : order.key().key(),
        order.key() == null ? null : order.key().digest());
  }

  /**
   * It never was, or has ended so long ago that nobody will ask for it. If it cannot be taken away,
   * that is no failure of what is being done.
   */
  void forget(SandboxProcess process) {
    try {
      process.sandbox().forget(process);
    } catch (RuntimeException e) {
      LOG.warnf("Process %d cannot be taken away: %s", process.seq(), e.getMessage());
    }
    streams.forget(process);
    limits.forget(process);
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
