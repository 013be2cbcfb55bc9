package io.sandboxd.lifecycle;

import io.sandboxd.events.Event;
import io.sandboxd.events.EventLog;
import io.sandboxd.events.EventType;
import io.sandboxd.registry.StateListener;
import io.sandboxd.sandbox.ExitStatus;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.SandboxStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Makes events of what happens to sandboxes and processes: which change is which event. */
public final class TellEvents implements StateListener {
  private final EventLog log;

  public TellEvents(EventLog log) {
    this.log = log;
  }

  @Override
  public void changed(SandboxStatus before, SandboxStatus after) {
    if (before.state() == after.state()) {
      List<String> changed = changes(before, after);
      if (after.state() != SandboxState.CREATING && !changed.isEmpty()) {
        log.tell(Event.updated(after, changed));
      }
      return;
    }
    EventType type = typeOf(before.state(), after.state());
    if (type != null) {
      log.tell(Event.ofState(type, after));
    }
  }

  /** Null for what nobody need know: of a removal it is the end that counts. */
  private static EventType typeOf(SandboxState before, SandboxState after) {
    boolean wasPaused = before == SandboxState.PAUSED;
    return switch (after) {
      case CREATING, DELETING -> null;
      case CREATED -> wasPaused ? EventType.SANDBOX_RESUMED : EventType.SANDBOX_CREATED;
      case RUNNING -> wasPaused ? EventType.SANDBOX_RESUMED : EventType.SANDBOX_STARTED;
      case PAUSED -> EventType.SANDBOX_PAUSED;
      case STOPPED -> EventType.SANDBOX_STOPPED;
      case BROKEN -> EventType.SANDBOX_BROKEN;
    };
  }

  private static List<String> changes(SandboxStatus before, SandboxStatus after) {
    List<String> changed = new ArrayList<>();
    if (!Objects.equals(before.labels(), after.labels())) {
      changed.add("labels");
    }
    if (!Objects.equals(before.resources(), after.resources())) {
      changed.add("resources");
    }
    if (!Objects.equals(before.expiresAt(), after.expiresAt())) {
      changed.add("ttl");
    }
    return changed;
  }

  /** Of one that never was whole nobody has heard. */
  @Override
  public void removed(SandboxStatus last) {
    boolean wasTold = last.namespaces() != null || last.error() != null;
    if (wasTold) {
      log.tell(Event.deleted(Event.Subject.of(last)));
    }
  }

  @Override
  public void started(SandboxStatus sandbox, ProcessStatus process) {
    log.tell(Event.ofProcess(EventType.PROCESS_STARTED, sandbox, process));
  }

  @Override
  public void ended(SandboxStatus sandbox, ProcessStatus process) {
    if (process.exit().reason() == ExitStatus.Reason.oom) {
      log.tell(Event.outOfMemory(sandbox, process.asStarted(), 1));
    }
    log.tell(Event.ofProcess(EventType.PROCESS_EXITED, sandbox, process));
  }

  /** The kernel has killed processes that no client has started. */
  void outOfMemory(SandboxStatus sandbox, long kills) {
    log.tell(Event.outOfMemory(sandbox, null, kills));
  }
}
