package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.events.EventLog;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    List<Sandbox> found = new ArrayList<>();
    for (String id : directory.ids()) {
      if (!directory.isRecorded(id)) {
        directory.deleteSandbox(id); // cut off before its name was taken: nothing was promised
        continue;
      }
      try {
        found.add(restore(directory.readSandbox(id)));
        Fault.RECOVER_READ.here(null);
      } catch (RuntimeException e) {
        LOG.errorf("The state of sandbox %s cannot be read: %s", id, e.getMessage());
        found.add(registry.restore(SandboxIds.unreadable(id, e.getMessage())));
      }
    }
    found.forEach(s -> idRanges.keep(s.status().idMappings()));
    TellMissed missed = new TellMissed(events);
    missed.of(found); // before anything else can be told of them
    found.forEach(s -> recordExit.watch(s, missed.oomKills(s)));
    Map<Sandbox, CompletableFuture<Void>> told = new java.util.LinkedHashMap<>();
    found.forEach(sandbox -> told.put(sandbox, reach(sandbox)));
    told.forEach(
        (sandbox, ready) -> {
          try {
            Fault.RECOVER_REACHED.here(sandbox);
            settle(sandbox, ready);
            Fault.RECOVER_SETTLED.here(sandbox);
          } catch (RuntimeException e) {
            // One sandbox's trouble, or a full disk, must not keep the daemon from the others.
            LOG.errorf(e, "Sandbox %s could not be settled.", sandbox.name());
          }
        });
    putAwayOrphans();
  }

  private Sandbox restore(SandboxStatus status) {
    Sandbox sandbox = registry.restore(status);
    for (int seq : directory.processes(status.id())) {
      try {
        sandbox.restore(directory.readProcess(status.id(), seq));
      } catch (RuntimeException e) {
        // Mostly its start was cut off, and there is no file.
        LOG.infof("Sandbox %s: process %d is not known: %s", status.name(), seq, e.getMessage());
        directory.deleteProcess(status.id(), seq);
      }
    }
    return sandbox;
  }

  /** Connects to the init; null when there is none to connect to. */
  private CompletableFuture<Void> reach(Sandbox sandbox) {
    SandboxStatus status = sandbox.status();
    if (status.state() == SandboxState.BROKEN || status.pid() == null) {
      return null;
    }
    try {
      watchStreams(sandbox);
      Fd pidfd = syscalls.pidfdOpen(status.pid());
      if (!Objects.equals(ProcessStat.startTicks(status.pid()), status.initStartTicks())) {
        pidfd.close(); // a stranger who was given the number
        return null;
      }
      inits.hold(sandbox, pidfd, () -> recordExit.initDied(sandbox));
      CompletableFuture<Void> ready = new CompletableFuture<>();
      inits.connect(sandbox, recordExit.listener(sandbox, ready));
      return ready;
    } catch (ErrnoException e) {
      return null;
    }
  }

  /** Who follows is woken late without it; the sandbox is as alive as ever. */
  private void watchStreams(Sandbox sandbox) {
    try {
      streams.watch(sandbox);
    } catch (SandboxException e) {
      LOG.error(e.getMessage());
    }
  }

  private void settle(Sandbox sandbox, CompletableFuture<Void> ready) {
    SandboxState state = sandbox.state();
    if (state == SandboxState.CREATING || state == SandboxState.DELETING) {
      LOG.infof("Sandbox %s was left %s: putting it away.", sandbox.name(), state.word());
      if (state == SandboxState.CREATING) {
        sandbox.update(s -> s.withState(SandboxState.DELETING));
      }
      tearDown.run(sandbox, "recovery");
      return;
    }
    if (state == SandboxState.BROKEN) {
      return;
    }
    if (ready == null) {
      recordExit.lose(sandbox, Reason.lost, null);
      cgroups.of(sandbox.id()).kill();
      sandbox.update(s -> s.broken("Its init is gone."));
      return;
    }
    boolean frozen = cgroups.of(sandbox.id()).isFrozen();
    if (!frozen) {
      hear(sandbox, ready);
    }
    expire.watch(sandbox);
    sandbox.processes().stream().filter(p -> !p.hasEnded()).forEach(timeouts::watch);
  }

  /** Init tells of all processes it has; those of which it does not are lost. */
  private void hear(Sandbox sandbox, CompletableFuture<Void> ready) {
    try {
      ready.get(Timeouts.RECOVERY.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      sandbox.update(s -> s.broken("Its init does not answer."));
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    for (SandboxProcess process : sandbox.processes()) {
      if (!process.hasEnded() && !process.isHeld()) {
        recordExit.lose(process, Reason.lost, null);
      }
    }
    recordExit.tellOomKills(sandbox);
    LOG.infof("Sandbox %s is %s.", sandbox.name(), sandbox.state().word());
  }

  private void putAwayOrphans() {
    for (Leak leak : leaks.reap()) {
      LOG.infof("%s %s belonged to no sandbox.", leak.kind().word(), leak.path());
    }
  }
}
