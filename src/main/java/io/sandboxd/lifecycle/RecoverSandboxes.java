package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.events.EventLog;
import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.registry.StateDirectory;
import io.sandboxd.sandbox.ExitStatus.Reason;
import io.sandboxd.sandbox.Leak;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.SandboxStatus;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jboss.logging.Logger;

/**
 * Makes a new daemon the owner of what the former one left: living sandboxes are found again, with
 * what ended meanwhile; what is half made or belongs to nobody is put away.
 */
public final class RecoverSandboxes {
  private static final Logger LOG = Logger.getLogger(RecoverSandboxes.class);

  private final Syscalls syscalls;
  private final SandboxRegistry registry;
  private final StateDirectory directory;
  private final Cgroups cgroups;
  private final FindLeaks leaks;
  private final RecoverNetworks networks;
  private final IdRanges idRanges;
  private final Inits inits;
  private final RecordExit recordExit;
  private final TearDown tearDown;
  private final ExpireSandboxes expire;
  private final Streams streams;
  private final EnforceTimeout timeouts;
  private final EventLog events;

  public RecoverSandboxes(
      Syscalls syscalls,
      SandboxRegistry registry,
      StateDirectory directory,
      Cgroups cgroups,
      FindLeaks leaks,
      RecoverNetworks networks,
      IdRanges idRanges,
      Inits inits,
      RecordExit recordExit,
      TearDown tearDown,
      ExpireSandboxes expire,
      Streams streams,
      EnforceTimeout timeouts,
      EventLog events) {
    this.syscalls = syscalls;
    this.registry = registry;
    this.directory = directory;
    this.cgroups = cgroups;
    this.leaks = leaks;
    this.networks = networks;
    this.idRanges = idRanges;
    this.inits = inits;
    this.recordExit = recordExit;
    this.tearDown = tearDown;
    this.expire = expire;
    this.streams = streams;
    this.timeouts = timeouts;
    this.events = events;
  }

  /** Must be done before the first request is served. */
  public void recover() {
    List<Sandbox> found = new ReadSandboxes(registry, directory).all();
    found.forEach(s -> idRanges.keep(s.status().idMappings()));
    networks.recover(found);
    TellMissed missed = new TellMissed(events);
    missed.of(found); // before anything else can be told of them
    found.parallelStream().forEach(s -> recordExit.watch(s, missed.oomKills(s)));
    List<CompletableFuture<Void>> reached = found.parallelStream().map(this::reach).toList();
    long deadline = System.nanoTime() + Timeouts.RECOVERY.toNanos();
    for (int i = 0; i < found.size(); i++) {
      Sandbox sandbox = found.get(i);
      try {
        Fault.RECOVER_REACHED.here(sandbox);
        settle(sandbox, reached.get(i), deadline);
        Fault.RECOVER_SETTLED.here(sandbox);
      } catch (RuntimeException e) {
        // One sandbox's trouble, or a full disk, must not keep the daemon from the others.
        LOG.errorf(e, "Sandbox %s could not be settled.", sandbox.name());
      }
    }
    if (!found.isEmpty()) {
      LOG.infof("Found sandboxes again: %d.", found.size());
    }
    putAwayOrphans();
  }

  /**
   * Connects to the init.
   *
   * @return completes when init has told all, or with why it cannot be heard; null when there is
   *     none
   */
  private CompletableFuture<Void> reach(Sandbox sandbox) {
    SandboxStatus status = sandbox.status();
    if (status.state() == SandboxState.BROKEN || status.pid() == null) {
      return null;
    }
    watchStreams(sandbox);
    CompletableFuture<Void> ready = new CompletableFuture<>();
    try {
      Fd pidfd = syscalls.pidfdOpen(status.pid());
      if (!isInit(pidfd, sandbox)) {
        return null;
      }
      inits.hold(sandbox, pidfd, () -> recordExit.initDied(sandbox));
      inits.connect(sandbox, recordExit.listener(sandbox, ready));
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ESRCH || e.errno() == Errno.EINVAL) {
        return null; // pidfd_open(2): no such process; none that is not a thread of another
      }
      ready.completeExceptionally(e);
    }
    return ready;
  }

  /**
   * A number says nothing: it may be a stranger's by now, and files can be wrong. What the kernel
   * says of when it began and which sandbox it is in, nobody can have forged. The process is held
   * meanwhile, so that it stays the same one; if it is a stranger it is let go.
   */
  private boolean isInit(Fd pidfd, Sandbox sandbox) {
    SandboxStatus status = sandbox.status();
    boolean is = false;
    try {
      is =
          status.initStartTicks().equals(ProcessStat.startTicks(status.pid()))
              && cgroups.of(sandbox.id()).has(status.pid());
    } finally {
      if (!is) {
        pidfd.close();
      }
    }
    return is;
  }

  /** Who follows is woken late without it; the sandbox is as alive as ever. */
  private void watchStreams(Sandbox sandbox) {
    try {
      streams.watch(sandbox);
    } catch (SandboxException e) {
      LOG.error(e.getMessage());
    }
  }

  private void settle(Sandbox sandbox, CompletableFuture<Void> ready, long deadline) {
    SandboxState state = sandbox.state();
    if (state == SandboxState.CREATING || state == SandboxState.DELETING) {
      LOG.infof(
          "Sandbox %s was left %s: putting it away.",
          sandbox.name(), sandbox.isEphemeral() ? "by its run" : state.word());
      sandbox.updateIf(EnumSet.of(SandboxState.CREATING), s -> s.withState(SandboxState.DELETING));
      inits.dismiss(sandbox);
      boolean left = !tearDown.run(sandbox, "recovery").isEmpty();
      if (left && sandbox.isEphemeral()) { // nobody will ask for that
        expire.delete(sandbox, "recovery");
      }
    } else if (state == SandboxState.BROKEN) {
      LOG.infof("Sandbox %s is broken: %s", sandbox.name(), sandbox.status().error());
    } else if (ready == null) {
      recordExit.lose(sandbox, Reason.lost, null);
      sandbox.updateIf(EnumSet.of(sandbox.state()), s -> s.broken("Its init is gone."));
      cgroups.of(sandbox.id()).kill();
    } else if (ready.isCompletedExceptionally()) {
      sandbox.breakForNow("Its init cannot be heard: " + reason(ready));
    } else {
      goOn(sandbox, ready, deadline);
    }
  }

  private static String reason(CompletableFuture<Void> failed) {
    return failed.handle((nothing, failure) -> failure.getMessage()).join();
  }

  private void goOn(Sandbox sandbox, CompletableFuture<Void> ready, long deadline) {
    if (settleFrozen(sandbox)) {
      // What is frozen tells when it is thawed.
      var unused = heard(sandbox, ready);
    } else {
      hear(sandbox, ready, deadline);
    }
    expire.watch(sandbox);
    sandbox.processes().stream().filter(p -> !p.hasEnded()).forEach(timeouts::watch);
  }

  /** A pause that was not put on file any more was not answered either, and so with a resume. */
  private boolean settleFrozen(Sandbox sandbox) {
    boolean frozen = cgroups.of(sandbox.id()).isFrozen();
    boolean paused = sandbox.state() == SandboxState.PAUSED;
    if (frozen && !paused) {
      cgroups.of(sandbox.id()).thaw();
    } else if (paused && !frozen) {
      PauseSandbox.noteThawed(sandbox);
    }
    return frozen && paused;
  }

  /** Waits a while; who is slow is heard later. */
  private void hear(Sandbox sandbox, CompletableFuture<Void> ready, long deadline) {
    try {
      heard(sandbox, ready).get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
      LOG.debugf("Sandbox %s is %s.", sandbox.name(), sandbox.state().word());
    } catch (TimeoutException | ExecutionException e) {
      LOG.warnf("Sandbox %s: its init has not answered yet.", sandbox.name());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Completes when what init has told is dealt with. It may be late, so only the former are meant.
   */
  private CompletableFuture<Void> heard(Sandbox sandbox, CompletableFuture<Void> ready) {
    List<SandboxProcess> former = List.copyOf(sandbox.processes());
    return ready.thenRun(() -> loseUntold(sandbox, former));
  }

  /** Init has told of all processes it has; those of which it has not were lost, or never made. */
  private void loseUntold(Sandbox sandbox, List<SandboxProcess> former) {
    for (SandboxProcess process : former) {
      if (process.isUnsure()) {
        sandbox.forget(process); // it never was
        streams.forget(process);
      } else if (!process.hasEnded() && !process.isHeld()) {
        recordExit.lose(process, Reason.lost, null);
      }
    }
    recordExit.tellOomKills(sandbox);
  }

  private void putAwayOrphans() {
    for (Leak leak : leaks.reap()) {
      LOG.infof("%s %s belonged to no sandbox.", leak.kind().word(), leak.path());
    }
  }
}
