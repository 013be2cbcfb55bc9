package io.sandboxd.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.sandboxd.events.Event;
import io.sandboxd.events.EventLog;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.registry.StateDirectory;
import io.sandboxd.registry.StateListener;
import io.sandboxd.sandbox.ExitStatus;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.Processes;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.SandboxStatus;
import io.sandboxd.sandbox.json.SpecJson;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A daemon writes states down, tells some of it or nothing, and is killed; then comes the next. */
class TellMissedTest {
  private static final Instant BEGINNING = Instant.parse("2026-01-02T03:04:05Z");
  private static final Instant LATER = BEGINNING.plusSeconds(10);
  private static final ExitStatus SEVEN = new ExitStatus(7, null, ExitStatus.Reason.exited, null);
  private static final int KEPT = 16;

  @TempDir Path root;
  private EventLog log;
  private TellEvents tell;

  /** Tells as long as the daemon lives. */
  private final class Mortal implements StateListener {
    private boolean dead;

    @Override
    public void changed(SandboxStatus before, SandboxStatus after) {
      if (!dead) {
        tell.changed(before, after);
      }
    }

    @Override
    public void removed(SandboxStatus last) {
      if (!dead) {
        tell.removed(last);
      }
    }

    @Override
    public void started(SandboxStatus sandbox, ProcessStatus process) {
      if (!dead) {
        tell.started(sandbox, process);
      }
    }

    @Override
    public void ended(SandboxStatus sandbox, ProcessStatus process) {
      if (!dead) {
        tell.ended(sandbox, process);
      }
    }
  }

  private final Mortal daemon = new Mortal();
  private StateDirectory directory;
  private SandboxRegistry registry;

  @BeforeEach
  void begin() {
    log = log(BEGINNING);
    tell = new TellEvents(log);
    directory = new StateDirectory(root);
    registry = new SandboxRegistry(directory, daemon);
  }

  private EventLog log(Instant now) {
    return new EventLog(root.resolve("events"), KEPT, Clock.fixed(now, ZoneOffset.UTC));
  }

  private Sandbox created(Instant at) {
    return created(at, false);
  }

  private Sandbox created(Instant at, boolean ephemeral) {
    SandboxSpec spec = SpecJson.read("{}".getBytes(StandardCharsets.UTF_8), SandboxSpec.class);
    return registry.reserve(
        SandboxStatus.creating("1", "web", spec, at).change().ephemeral(ephemeral).build(),
        had -> {},
        sandbox -> {
          sandbox.update(s -> s.withState(SandboxState.CREATED));
          return sandbox;
        });
  }

  private static SandboxProcess start(Sandbox sandbox, Instant at) {
    SandboxProcess main =
        sandbox.addProcess("main", (id, seq) -> Processes.starting(id, seq, at, "true"));
    main.hasPids(100, 2);
    main.spawned(null);
    main.settle();
    main.announce(() -> sandbox.update(s -> s.started(at)), () -> {});
    return main;
  }

  private static void end(SandboxProcess main, Instant at) {
    main.end(at, SEVEN, null, () -> main.sandbox().update(s -> s.stopped(at, SEVEN)));
  }

  /** What there is to be read after the next daemon has begun. */
  private List<String> toldInTheEnd() {
    EventLog next = log(LATER);
    SandboxRegistry restored = new SandboxRegistry(directory, new TellEvents(next));
    for (String id : directory.ids()) {
      Sandbox sandbox = restored.restore(directory.readSandbox(id));
      directory.processNumbers(id).forEach(seq -> sandbox.restore(directory.readProcess(id, seq)));
    }
    new TellMissed(next).of(restored.all());
    return next.history().stream().map(TellMissedTest::brief).toList();
  }

  private static String brief(Event event) {
    String type = event.type().word();
    return event.process() == null ? type : type + " " + event.process().id();
  }

  private static final List<String> A_LIFE =
      List.of(
          "sandbox.created",
          "process.started main",
          "sandbox.started",
          "process.exited main",
          "sandbox.stopped");

  @Test
  void whatWasToldIsNotToldAgain() {
    end(start(created(LATER), LATER), LATER);
    assertEquals(A_LIFE, toldInTheEnd());
    assertEquals(A_LIFE, toldInTheEnd());
  }

  @Test
  void anEndThatWasNotToldIsTold() {
    SandboxProcess main = start(created(LATER), LATER);
    daemon.dead = true;
    end(main, LATER);
    assertEquals(A_LIFE, toldInTheEnd());
    assertEquals(A_LIFE, toldInTheEnd(), "once");
  }

  @Test
  void anEndIsToldAlsoIfTheSandboxIsBeingDeleted() {
    Sandbox sandbox = created(LATER);
    SandboxProcess main = start(sandbox, LATER);
    sandbox.update(s -> s.withState(SandboxState.DELETING));
    daemon.dead = true;
    main.end(LATER, SEVEN, null, () -> {});
    assertEquals(A_LIFE.subList(0, 4), toldInTheEnd());
  }

  /** Whether it was made, only its init can say. */
  @Test
  void whatWasIntendedIsNotTold() {
    Sandbox sandbox = created(LATER);
    daemon.dead = true;
    sandbox.addProcess("main", (id, seq) -> Processes.starting(id, seq, LATER, "true")).intend();
    assertEquals(A_LIFE.subList(0, 1), toldInTheEnd());
  }

  /** On file it never was whole, so nobody else would tell that it is gone. */
  @Test
  void anEphemeralOneThatWasCutOffIsToldToBeGone() {
    start(created(LATER, true), LATER);
    daemon.dead = true;
    assertEquals(
        List.of(
            "sandbox.created",
            "process.started main",
            "sandbox.started",
            "process.exited main",
            "sandbox.deleted"),
        toldInTheEnd());
  }

  @Test
  void itIsAlsoWhenItWasMadeSoLongAgoThatThisIsForgotten() {
    daemon.dead = true;
    created(BEGINNING.minusSeconds(10), true);
    assertEquals(List.of("sandbox.deleted"), toldInTheEnd());
  }

  @Test
  void aStartThatWasNotToldIsTold() {
    Sandbox sandbox = created(LATER);
    daemon.dead = true;
    start(sandbox, LATER);
    assertEquals(A_LIFE.subList(0, 3), toldInTheEnd());
  }

  @Test
  void aSandboxThatWasNotToldOfIsTold() {
    daemon.dead = true;
    created(LATER);
    assertEquals(List.of("sandbox.created"), toldInTheEnd());
  }

  @Test
  void onThePauseNothingElseIsTold() {
    Sandbox sandbox = created(LATER);
    start(sandbox, LATER);
    daemon.dead = true;
    sandbox.update(s -> s.withState(SandboxState.PAUSED));
    assertEquals(
        List.of("sandbox.created", "process.started main", "sandbox.started", "sandbox.paused"),
        toldInTheEnd());
  }

  @Test
  void aRemovalThatWasNotToldIsTold() {
    Sandbox sandbox = created(LATER);
    daemon.dead = true;
    registry.remove(sandbox);
    assertEquals(List.of("sandbox.created", "sandbox.deleted"), toldInTheEnd());
    assertEquals(List.of("sandbox.created", "sandbox.deleted"), toldInTheEnd(), "once");
  }

  /** As after an upgrade from one that told nothing, or when the events were forgotten. */
  @Test
  void whatIsOlderThanTheEventsIsTakenToBeTold() {
    Instant before = BEGINNING.minusSeconds(10);
    daemon.dead = true;
    SandboxProcess main = start(created(before), before);
    assertEquals(List.of(), toldInTheEnd());
    end(main, before);
    assertEquals(List.of(), toldInTheEnd());
  }

  @Test
  void whatIsHalfMadeOrHalfGoneIsLeftToOthers() {
    Sandbox sandbox = created(LATER);
    daemon.dead = true;
    sandbox.update(s -> s.withState(SandboxState.DELETING));
    assertEquals(List.of("sandbox.created"), toldInTheEnd());
  }

  @Test
  void killsForWantOfMemoryAreCounted() {
    Sandbox sandbox = created(LATER);
    tell.outOfMemory(sandbox.status(), 2);
    tell.outOfMemory(sandbox.status(), 1);
    assertEquals(3, new TellMissed(log).oomKills(sandbox));
    for (int i = 0; i < KEPT; i++) {
      tell.outOfMemory(sandbox.status(), 1);
    }
    assertNull(new TellMissed(log).oomKills(sandbox), "they do not go back to the beginning");
  }
}
