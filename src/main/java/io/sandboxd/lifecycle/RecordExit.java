package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.launch.InitChannel;
import io.sandboxd.launch.Usage;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.ExitStatus;
import io.sandboxd.sandbox.ExitStatus.Reason;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.Signal;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jboss.logging.Logger;

/**
 * Turns what the kernel and the inits tell into states: who ended, how, and why. Runs on the
 * reaper's thread, or on that of somebody who waits for the same init.
 */
public final class RecordExit {
  private static final Logger LOG = Logger.getLogger(RecordExit.class);
  private static final EnumSet<SandboxState> ALIVE =
      EnumSet.of(
          SandboxState.CREATED, SandboxState.RUNNING, SandboxState.PAUSED, SandboxState.STOPPED);

  private final Inits inits;
  private final Cgroups cgroups;
  private final Streams streams;
  private final LimitProcess limits;
  private final OomKills oomKills;
  private final MeasureSandbox measure;
  private final Executor chores;

  /**
   * @param chores for what takes too long for the reaper's thread
   */
  public RecordExit(
      Inits inits,
      Cgroups cgroups,
      Streams streams,
      LimitProcess limits,
      OomKills oomKills,
      Executor chores) {
    this.inits = inits;
    this.cgroups = cgroups;
    this.streams = streams;
    this.limits = limits;
    this.oomKills = oomKills;
    this.measure = new MeasureSandbox(cgroups);
    this.chores = chores;
  }

  /** Hears what a sandbox's init says by itself. */
  InitChannel.Listener listener(Sandbox sandbox, CompletableFuture<Void> ready) {
    return new InitChannel.Listener() {
      @Override
      public void running(int seq, int pidInside, Fd pidfd) {
        sandbox
            .process(seq)
            .ifPresentOrElse(
                p -> {
                  p.hasPids(HostPid.of(pidfd), pidInside);
                  p.spawned(pidfd);
                  p.settle();
                  settleStart(p);
                },
                () -> {
                  // Its launch was never answered for: nobody knows it, so nobody would ever end
                  // it.
                  LOG.logf(
                      sandbox.isEphemeral() ? Logger.Level.DEBUG : Logger.Level.WARN,
                      "Sandbox %s: ending process %d, which nobody knows.",
                      sandbox.name(),
                      seq);
                  sandbox.retire(seq);
                  inits.end(pidfd);
                });
      }

      @Override
      public void spawned(int seq, Integer pid, int pidInside) {
        sandbox.process(seq).ifPresent(p -> p.hasPids(pid, pidInside));
      }

      @Override
      public void kept(int seq, Fd fd) {
        sandbox.process(seq).ifPresentOrElse(p -> streams.adopt(p, fd), fd::close);
      }

      @Override
      public void exited(int seq, int waitStatus, Usage usage, Instant at) {
        sandbox.process(seq).ifPresent(RecordExit::settleStart);
        boolean stored =
            sandbox.process(seq).map(p -> record(p, waitStatus, usage, at)).orElse(true);
        if (stored) {
          acknowledge(sandbox, seq);
        }
      }

      @Override
      public void ready(int initPid) {
        ready.complete(null);
      }

      @Override
      public void lost(String why) {
        LOG.debugf("Sandbox %s: its init cannot be heard: %s", sandbox.name(), why);
      }

      @Override
      public void strange(String why) {
        LOG.errorf("Sandbox %s: its init cannot be heard: %s", sandbox.name(), why);
        sandbox.breakForNow("Its init cannot be heard: " + why);
        ready.completeExceptionally(new IllegalStateException(why));
      }
    };
  }

  /** A former daemon had it made, and was killed before it could say so. */
  private static void settleStart(SandboxProcess process) {
    if (!process.isUnsure()) {
      return;
    }
    process.startIsSure();
    if (process.isMain()) {
      Sandbox sandbox = process.sandbox();
      sandbox.updateIf(
          EnumSet.of(SandboxState.CREATED, SandboxState.STOPPED),
          s -> s.started(process.status().startedAt()));
      sandbox.processes().stream()
          .filter(other -> other.isMain() && other != process)
          .toList()
          .forEach(sandbox::forget);
    }
  }

  /** What is not acknowledged is told again at the next connect, which does no harm. */
  private void acknowledge(Sandbox sandbox, int seq) {
    try {
      inits.channel(sandbox).acknowledge(seq);
    } catch (SandboxException | ErrnoException e) {
      LOG.debugf("Sandbox %s: its init heard of no acknowledgement: %s", sandbox.name(), e);
    }
  }

  private boolean record(SandboxProcess process, int waitStatus, Usage usage, Instant at) {
    if (process.isOver()) {
      return process.end(at, process.status().exit(), process.status().usage(), () -> {});
    }
    Duration wall = Duration.between(process.status().startedAt(), at);
    ProcessStatus.Usage used =
        new ProcessStatus.Usage(
            (usage.userMicros() + usage.systemMicros()) / 1e6,
            usage.maxRssKib() * 1024,
            wall.toNanos() / 1e9,
            limits.memoryPeak(process));
    ExitStatus exit = explain(process, waitStatus);
    if (exit.reason() == Reason.oom) {
      oomKills.isTold(process.sandbox());
    } else if (exit.code() != 0) {
      // What it started itself may have been killed, and that be why.
      oomKills.tellOthers(process.sandbox());
    }
    boolean main = process.isMain();
    return end(process, at, main ? exit.with(measure.of(process.sandbox(), wall)) : exit, used);
  }

  private boolean end(
      SandboxProcess process, Instant at, ExitStatus exit, ProcessStatus.Usage usage) {
    // What it wrote and the sandbox first: whoever has waited for the process finds all of its
    // output there, and the sandbox stopped.
    boolean stored =
        process.end(
            at,
            exit,
            usage,
            () -> {
              streams.finish(process);
              if (process.isMain()) {
                mainHasEnded(process);
              }
            });
    streams.changed(process);
    if (process.status().terms().ownCgroup()) {
      chores.execute(
          () -> {
            limits.forget(process);
            oomKills.countAnew(process.sandbox());
          });
    }
    return stored;
  }

  /**
   * A process may end before its start was put on record; then the start calls this afterwards.
   * What is frozen stays so, and is found stopped when it is thawed.
   */
  static void mainHasEnded(SandboxProcess main) {
    ProcessStatus ended = main.status();
    main.sandbox()
        .updateIf(EnumSet.of(SandboxState.RUNNING), s -> s.stopped(ended.exitedAt(), ended.exit()));
  }

  /** wait(2) tells how; only the daemon's own notes and the cgroup's counter tell why. */
  private ExitStatus explain(SandboxProcess process, int waitStatus) {
    int signal = waitStatus & 0x7f;
    SandboxProcess.Doom doom = process.doom();
    int code = signal == 0 ? waitStatus >> 8 & 0xff : 128 + signal;
    String name = signal == 0 ? null : new Signal(signal).name();
    if (doom != null && doom.reason() == Reason.timeout) {
      return new ExitStatus(code, name, Reason.timeout, null);
    }
    if (signal == 0) {
      return new ExitStatus(code, null, Reason.exited, null);
    }
    if (doom != null && doom.signal() == signal) {
      return new ExitStatus(code, name, doom.reason(), doom.by());
    }
    boolean oom = signal == Signal.KILL.number() && wasOutOfMemory(process);
    return new ExitStatus(code, name, oom ? Reason.oom : Reason.signaled, null);
  }

  /** Its own group tells for sure; of the sandbox's it is the one that was killed just now. */
  private boolean wasOutOfMemory(SandboxProcess process) {
    boolean ofSandbox = oomKills.explain(process.sandbox());
    return process.status().terms().ownCgroup() ? limits.wasOutOfMemory(process) : ofSandbox;
  }

  /** Init is gone, and with it the namespaces' keeper: what it kept can be had no more. */
  void initDied(Sandbox sandbox) {
    chores.execute(
        () -> {
          if (ALIVE.contains(sandbox.state())) {
            LOG.warnf("Sandbox %s: its init was killed.", sandbox.name());
            cgroups.of(sandbox.id()).kill();
            lose(sandbox, Reason.lost, null);
            sandbox.updateIf(ALIVE, s -> s.broken("Its init was killed from outside."));
          }
        });
  }

  /** Ends on record what was killed together with its init, which so could tell nobody. */
  void lose(Sandbox sandbox, Reason reason, String by) {
    for (SandboxProcess process : sandbox.processes()) {
      lose(process, reason, by);
    }
  }

  void lose(SandboxProcess process, Reason reason, String by) {
    if (!process.hasEnded()) {
      end(process, Instant.now(), killed(reason, by), null);
    }
  }

  static ExitStatus killed(Reason reason, String by) {
    return new ExitStatus(128 + Signal.KILL.number(), Signal.KILL.name(), reason, by);
  }

  /**
   * @param oomKillsTold how many kills for want of memory a former daemon has told; null: all there
   *     were
   */
  void watch(Sandbox sandbox, Long oomKillsTold) {
    oomKills.watch(sandbox, oomKillsTold);
  }

  /** Those that no exit has told of, now that all exits are known. */
  void tellOomKills(Sandbox sandbox) {
    oomKills.tellOthers(sandbox);
  }

  void forget(Sandbox sandbox) {
    oomKills.forget(sandbox);
  }
}
