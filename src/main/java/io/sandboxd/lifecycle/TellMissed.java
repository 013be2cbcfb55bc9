package io.sandboxd.lifecycle;

import io.sandboxd.events.Event;
import io.sandboxd.events.EventLog;
import io.sandboxd.events.EventType;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.ExitStatus;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.SandboxStatus;
import java.time.Instant;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Tells what the former daemon had put on file and was killed before it told: a change is on file
 * first, and an event only then. What has happened since the oldest event that is kept, and is not
 * among the events, was not told; what is older is taken to be.
 */
final class TellMissed {
  private static final EnumSet<SandboxState> ON_THE_WAY =
      EnumSet.of(SandboxState.CREATING, SandboxState.DELETING);

  /** What the events say of one sandbox. */
  private static final class Told {
    Event latest;
    SandboxState state;
    boolean fromTheBeginning;
    long oomKills;
    final Map<Integer, Event.Actor> started = new TreeMap<>();
    final Set<Integer> exited = new HashSet<>();
  }

  private final EventLog log;
  private final TellEvents tell;
  private final Map<String, Told> told = new HashMap<>();
  private final Instant oldest;

  TellMissed(EventLog log) {
    this.log = log;
    this.tell = new TellEvents(log);
    this.oldest = log.oldest();
    log.history().forEach(this::note);
  }

  private void note(Event event) {
    Told of = told.computeIfAbsent(event.sandbox().id(), id -> new Told());
    of.latest = event;
    if (event.state() != null) {
      of.state = event.state();
    }
    switch (event.type()) {
      case SANDBOX_CREATED -> of.fromTheBeginning = true;
      case PROCESS_STARTED -> of.started.put(event.process().seq(), event.process());
      case PROCESS_EXITED -> of.exited.add(event.process().seq());
      case PROCESS_OOM -> of.oomKills += event.kills();
      default -> {}
    }
  }

  /**
   * @param found all sandboxes there are, before anything new happens to them
   */
  void of(Collection<Sandbox> found) {
    Set<String> there = new HashSet<>();
    for (Sandbox sandbox : found) {
      if (!sandbox.isEphemeral()) {
        there.add(sandbox.id());
      } else if (!told.containsKey(sandbox.id()) && !isMissing(sandbox.status().createdAt())) {
        // That it was made has been told, and so long ago that it is forgotten.
        log.tell(Event.deleted(Event.Subject.of(sandbox.status())));
      }
      Told of = told.getOrDefault(sandbox.id(), new Told());
      if (!ON_THE_WAY.contains(sandbox.state())) {
        ofSandbox(sandbox, of);
      } else if (of.latest != null) {
        ofProcesses(sandbox, of); // they end before their sandbox is gone
      }
    }
    told.forEach(
        (id, of) -> {
          if (!there.contains(id) && of.latest.type() != EventType.SANDBOX_DELETED) {
            gone(of);
          }
        });
  }

  /** One of which no file says what became of it: its files are gone, or it was a run. */
  private void gone(Told of) {
    of.started.keySet().removeAll(of.exited);
    of.started
        .values()
        .forEach(
            process ->
                log.tell(
                    Event.lost(
                        of.latest.sandbox(),
                        process,
                        RecordExit.killed(ExitStatus.Reason.lost, null))));
    log.tell(Event.deleted(of.latest.sandbox()));
  }

  /** How many kills for want of memory were told; null when the events do not go back so far. */
  Long oomKills(Sandbox sandbox) {
    Told of = told.get(sandbox.id());
    return of != null && of.fromTheBeginning ? of.oomKills : null;
  }

  private void ofSandbox(Sandbox sandbox, Told of) {
    SandboxStatus now = sandbox.status();
    SandboxState known = of.state;
    if (known == null && now.state() != SandboxState.BROKEN && isMissing(now.createdAt())) {
      known = SandboxState.CREATED;
      tell.changed(now.withState(SandboxState.CREATING), now.withState(known));
    }
    ofProcesses(sandbox, of);
    boolean unsure = known == null && !isMissing(now.startedAt()) && !isMissing(now.stoppedAt());
    if (known != now.state() && (!unsure || now.state() == SandboxState.BROKEN)) {
      tell.changed(now.withState(known == null ? SandboxState.CREATED : known), now);
    }
  }

  private void ofProcesses(Sandbox sandbox, Told of) {
    for (SandboxProcess process : sandbox.processes()) {
      if (!process.isUnsure()) {
        ofProcess(sandbox.status(), process, of);
      } else if (of.started.containsKey(process.seq())) {
        process.startWasTold();
      }
    }
  }

  private void ofProcess(SandboxStatus sandbox, SandboxProcess process, Told of) {
    ProcessStatus status = process.status();
    boolean knownToRun = of.started.containsKey(status.seq());
    if (!knownToRun && isMissing(status.startedAt())) {
      tell.started(sandbox, status.asStarted());
      knownToRun = true;
    }
    if (process.isOver()
        && !of.exited.contains(status.seq())
        && (knownToRun || isMissing(status.exitedAt()))) {
      tell.ended(sandbox, status);
    }
  }

  /** Of something that the events do not have. */
  private boolean isMissing(Instant when) {
    return when != null && when.isAfter(oldest);
  }
}
