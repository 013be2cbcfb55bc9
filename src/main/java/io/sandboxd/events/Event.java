package io.sandboxd.events;

import io.sandboxd.sandbox.ExitStatus;
import io.sandboxd.sandbox.Owner;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.SandboxStatus;
import java.time.Instant;
import java.util.List;

/**
 * One thing that has happened, as clients see it and as it is on file. It is of bounded size: what
 * a client may make as long as it likes (a command, labels) is not in it.
 *
 * @param id grows from event to event, also from one life of the daemon to the next; not always by
 *     one
 * @param time when the daemon knew
 * @param sandbox to which it happened; null for a gap
 * @param state what the sandbox is since; null for what is no change of its state
 * @param process to which it happened, or null
 * @param exit how the process ended, or the main process of the sandbox that stopped
 * @param usage what the process took
 * @param changed which fields were changed: {@code labels}, {@code resources}, {@code ttl}
 * @param resources the limits from now on, if they were changed
 * @param kills how many processes the kernel killed, for {@code process.oom}
 * @param error why the sandbox is broken
 * @param call that was made, for {@code audit}
 * @param since for a gap: after which event the reader asked to go on
 */
public record Event(
    long id,
    Instant time,
    EventType type,
    Subject sandbox,
    SandboxState state,
    Actor process,
    ExitStatus exit,
    ProcessStatus.Usage usage,
    List<String> changed,
    Resources resources,
    Long kills,
    String error,
    AuditedCall call,
    Long since) {
  private static final int LONGEST_ERROR = 1_000;

  /**
   * The sandbox of an event, by both its names.
   *
   * @param owner null in events of daemons that knew none
   */
  public record Subject(String id, String name, Owner owner) {
    public static Subject of(SandboxStatus sandbox) {
      return new Subject(sandbox.id(), sandbox.name(), sandbox.owner());
    }
  }

  /** The process of an event; more of it is to be asked for by its id. */
  public record Actor(
      String id, int seq, Integer pid, Integer sandboxPid, Instant startedAt, Instant exitedAt) {
    static Actor of(ProcessStatus process) {
      return new Actor(
          process.id(),
          process.seq(),
          process.pid(),
          process.sandboxPid(),
          process.startedAt(),
          process.exitedAt());
    }
  }

  /** A sandbox has got into the state that it has. */
  public static Event ofState(EventType type, SandboxStatus sandbox) {
    Draft draft = new Draft(type, Subject.of(sandbox));
    draft.state = sandbox.state();
    draft.exit = type == EventType.SANDBOX_STOPPED ? sandbox.exit() : null;
    draft.error = type == EventType.SANDBOX_BROKEN ? brief(sandbox.error()) : null;
    return draft.event();
  }

  private static String brief(String text) {
    return text == null || text.length() <= LONGEST_ERROR
        ? text
        : text.substring(0, LONGEST_ERROR) + " …";
  }

  /** Nothing is left of it. */
  public static Event deleted(Subject sandbox) {
    return new Draft(EventType.SANDBOX_DELETED, sandbox).event();
  }

  public static Event updated(SandboxStatus sandbox, List<String> changed) {
    Draft draft = new Draft(EventType.SANDBOX_UPDATED, Subject.of(sandbox));
    draft.state = sandbox.state();
    draft.changed = List.copyOf(changed);
    draft.resources = changed.contains("resources") ? sandbox.resources() : null;
    return draft.event();
  }

  /** A process was started or has ended. */
  public static Event ofProcess(EventType type, SandboxStatus sandbox, ProcessStatus process) {
    Draft draft = new Draft(type, Subject.of(sandbox));
    draft.process = Actor.of(process);
    if (type == EventType.PROCESS_EXITED) {
      draft.exit = process.exit();
      draft.usage = process.usage();
    }
    return draft.event();
  }

  /** It has ended, and nobody knows how. */
  public static Event lost(Subject sandbox, Actor process, ExitStatus exit) {
    Draft draft = new Draft(EventType.PROCESS_EXITED, sandbox);
    draft.process = process;
    draft.exit = exit;
    return draft.event();
  }

  /**
   * @param process null when it is one that a process of the sandbox has started itself
   */
  public static Event outOfMemory(SandboxStatus sandbox, ProcessStatus process, long kills) {
    Draft draft = new Draft(EventType.PROCESS_OOM, Subject.of(sandbox));
    draft.process = process == null ? null : Actor.of(process);
    draft.kills = kills;
    return draft.event();
  }

  /**
   * A call was answered.
   *
   * @param sandbox that it was about; null for none that the caller could know
   */
  public static Event audit(Subject sandbox, AuditedCall call) {
    Draft draft = new Draft(EventType.AUDIT, sandbox);
    draft.call = call;
    return draft.event();
  }

  /** Of what came after {@code since}, all up to {@code id} may be lost. */
  static Event gap(long id, Instant time, long since) {
    Draft draft = new Draft(EventType.GAP, null);
    draft.since = since;
    return draft.event().numbered(id, time);
  }

  Event numbered(long number, Instant at) {
    return new Event(
        number, at, type, sandbox, state, process, exit, usage, changed, resources, kills, error,
        call, since);
  }

  /** What its type has no use for stays null. */
  private static final class Draft {
    private final EventType type;
    private final Subject sandbox;
    private SandboxState state;
    private Actor process;
    private ExitStatus exit;
    private ProcessStatus.Usage usage;
    private List<String> changed;
    private Resources resources;
    private Long kills;
    private String error;
    private AuditedCall call;
    private Long since;

    private Draft(EventType type, Subject sandbox) {
      this.type = type;
      this.sandbox = sandbox;
    }

    private Event event() {
      return new Event(
          0, null, type, sandbox, state, process, exit, usage, changed, resources, kills, error,
          call, since);
    }
  }
}
