package io.sandboxd.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.ExitStatus;
import io.sandboxd.sandbox.Owner;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.Processes;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.SandboxStatus;
import io.sandboxd.sandbox.json.SpecJson;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SandboxRegistryTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

  @TempDir Path root;
  private final HeardChanges heard = new HeardChanges();
  private StateDirectory directory;
  private SandboxRegistry registry;

  @BeforeEach
  void open() {
    directory = new StateDirectory(root);
    registry = new SandboxRegistry(directory, heard);
  }

  private static SandboxStatus creating(String id, String name) {
    SandboxSpec spec = SpecJson.read("{}".getBytes(StandardCharsets.UTF_8), SandboxSpec.class);
    return SandboxStatus.creating(id, name, spec, NOW);
  }

  private Sandbox reserve(String id, String name) {
    return registry.reserve(creating(id, name), had -> {}, sandbox -> sandbox);
  }

  private static ProcessStatus process(String id, int seq) {
    return Processes.starting(id, seq, NOW, "true");
  }

  @Test
  void aNameIsTakenUntilItIsRemoved() {
    Sandbox first = reserve("1", "web");
    SandboxException refused = assertThrows(SandboxException.class, () -> reserve("2", "web"));
    assertEquals(ErrorCode.NAME_IN_USE, refused.code());
    assertEquals(List.of("1"), directory.ids(), "nothing is left of the second");
    registry.remove(first);
    assertEquals(List.of(), directory.ids());
    reserve("3", "web");
  }

  @Test
  void aNameThatIsAnothersIdIsTakenToo() {
    reserve("abc", "web");
    assertThrows(SandboxException.class, () -> reserve("2", "abc"));
  }

  @Test
  void foundByNameAndId() {
    Sandbox sandbox = reserve("1", "web");
    assertSame(sandbox, registry.find("web").orElseThrow());
    assertSame(sandbox, registry.find("1").orElseThrow());
    assertTrue(registry.find("x").isEmpty());
  }

  @Test
  void whatIsWrittenIsReadAgain() {
    Sandbox sandbox = reserve("1", "web");
    sandbox.update(s -> s.change().pid(42).initStartTicks(7L).state(SandboxState.CREATED).build());
    SandboxStatus read = new StateDirectory(root).readSandbox("1");
    assertEquals(sandbox.status(), read);
  }

  /** The table is what it says it is, for every pair. */
  @ParameterizedTest
  @EnumSource(SandboxState.class)
  void onlyStepsOfTheTableAreTaken(SandboxState from) {
    for (SandboxState to : EnumSet.complementOf(EnumSet.of(from))) {
      Sandbox sandbox =
          registry.restore(creating("x" + from + to, "n" + from + to).withState(from));
      directory.createSandbox(sandbox.id());
      if (from.mayBecome(to)) {
        assertEquals(to, sandbox.update(s -> s.withState(to)).state());
      } else {
        assertThrows(SandboxException.class, () -> sandbox.update(s -> s.withState(to)));
        assertEquals(from, sandbox.state(), "unchanged");
      }
    }
  }

  @Test
  void deletingIsTheEndAndReachedFromEverywhere() {
    assertEquals(EnumSet.noneOf(SandboxState.class), SandboxState.DELETING.next());
    for (SandboxState state : EnumSet.complementOf(EnumSet.of(SandboxState.DELETING))) {
      assertTrue(state.mayBecome(SandboxState.DELETING), state.word());
    }
  }

  @Test
  void processesAreNumberedAndNamed() {
    Sandbox sandbox = reserve("1", "web");
    assertEquals("p1", sandbox.addProcess(null, ProcessesOf::make).status().id());
    assertEquals("mine", sandbox.addProcess("mine", ProcessesOf::make).status().id());
    assertThrows(SandboxException.class, () -> sandbox.addProcess("mine", ProcessesOf::make));
    assertEquals(2, sandbox.process("mine").seq());
    assertEquals(
        ErrorCode.NOT_FOUND,
        assertThrows(SandboxException.class, () -> sandbox.process("other")).code());
  }

  private static final class ProcessesOf {
    static ProcessStatus make(String id, int seq) {
      return process(id, seq);
    }
  }

  /** Of two mains, while one replaces the other, the younger is meant. */
  @Test
  void theLatestMainIsMain() {
    Sandbox sandbox = reserve("1", "web");
    SandboxProcess first = sandbox.addProcess("main", ProcessesOf::make);
    SandboxProcess second = sandbox.addProcess("main", ProcessesOf::make);
    first.intend();
    second.intend();
    assertSame(second, sandbox.main().orElseThrow());
    sandbox.forget(first);
    assertSame(second, sandbox.process("main"));
    assertEquals(List.of(2), directory.processNumbers("1"));
  }

  @Test
  void allWaitersGetTheSameEnd() {
    Sandbox sandbox = reserve("1", "web");
    SandboxProcess process = sandbox.addProcess(null, ProcessesOf::make);
    CompletableFuture<ProcessStatus> before = process.ended();
    CompletableFuture<ProcessStatus> cancelled = process.ended();
    cancelled.cancel(true);
    ExitStatus exit = new ExitStatus(7, null, ExitStatus.Reason.exited, null);
    process.end(NOW, exit, null, () -> {});
    process.end(NOW, new ExitStatus(9, null, ExitStatus.Reason.lost, null), null, () -> {});
    assertEquals(exit, before.join().exit());
    assertEquals(exit, process.ended().join().exit());
    assertEquals(exit, directory.readProcess("1", 1).exit(), "on file before anybody is told");
  }

  private static final ExitStatus SEVEN = new ExitStatus(7, null, ExitStatus.Reason.exited, null);

  /** A process may have ended before anybody knows that it was started. */
  @Test
  void anEndIsToldAfterTheStart() {
    Sandbox sandbox = registry.restore(creating("1", "web").withState(SandboxState.CREATED));
    directory.createSandbox("1");
    SandboxProcess process = sandbox.addProcess("main", ProcessesOf::make);
    process.end(NOW, SEVEN, null, () -> {});
    assertEquals(List.of(), heard.all());
    process.announce(() -> sandbox.update(s -> s.started(NOW)), () -> {});
    assertEquals(
        List.of("main started running", "web created>running", "main ended 7"), heard.all());
  }

  @Test
  void anEndIsToldBeforeWhatFollowsFromIt() {
    Sandbox sandbox = registry.restore(creating("1", "web").withState(SandboxState.RUNNING));
    directory.createSandbox("1");
    SandboxProcess process = sandbox.addProcess("main", ProcessesOf::make);
    process.announce(() -> {}, () -> {});
    process.end(NOW, SEVEN, null, () -> sandbox.update(s -> s.stopped(NOW, SEVEN)));
    process.end(NOW, SEVEN, null, () -> {});
    registry.remove(sandbox);
    assertEquals(
        List.of("main started running", "main ended 7", "web running>stopped", "web removed"),
        heard.all());
  }

  @Test
  void whatFailsAfterTheStartKeepsTheEndFromNobody() {
    Sandbox sandbox = registry.restore(creating("1", "web").withState(SandboxState.DELETING));
    SandboxProcess process = sandbox.addProcess("main", ProcessesOf::make);
    assertThrows(
        SandboxException.class,
        () -> process.announce(() -> sandbox.update(s -> s.started(NOW)), () -> {}));
    process.end(NOW, SEVEN, null, () -> {});
    assertEquals(List.of("main started running", "main ended 7"), heard.all());
  }

  /** It is so even if there is no room to write it down, so it is told. */
  @Test
  void whatCannotBeWrittenIsTold() throws Exception {
    Sandbox sandbox = reserve("1", "web");
    TreeRemoval.remove(directory.sandbox("1"));
    Files.writeString(directory.sandbox("1"), "in the way");
    sandbox.updateIf(EnumSet.of(SandboxState.CREATING), s -> s.withState(SandboxState.BROKEN));
    assertEquals(List.of("web creating>creating", "web creating>broken"), heard.all());
  }

  @Test
  void theTimeoutStaysTheReason() {
    SandboxProcess process = reserve("1", "web").addProcess(null, ProcessesOf::make);
    process.doom(ExitStatus.Reason.killed, 2, "a");
    process.doom(ExitStatus.Reason.timeout, 15, null);
    process.doom(ExitStatus.Reason.killed, 9, "b");
    assertEquals(ExitStatus.Reason.timeout, process.doom().reason());
  }

  @Test
  void deletingATreeFollowsNoLink() throws Exception {
    Path outside = Files.createDirectories(root.resolve("outside"));
    Files.writeString(outside.resolve("file"), "x");
    Path tree = Files.createDirectories(root.resolve("tree/a/deep/one"));
    Files.createSymbolicLink(tree.resolve("link"), outside);
    Files.writeString(tree.resolve("file"), "x");
    TreeRemoval.remove(root.resolve("tree"));
    assertFalse(Files.exists(root.resolve("tree")));
    assertTrue(Files.exists(outside.resolve("file")));
    TreeRemoval.remove(root.resolve("tree"));
  }

  /** Deeper than any path can name (PATH_MAX is 4096), as whoever is inside can make it. */
  @Test
  void aTreeOfAnyDepthIsDeleted() throws Exception {
    Path deep = Files.createDirectory(root.resolve("deep"));
    for (int level = 0; level < 60; level++) {
      // From the bottom up, so that no path is long here either.
      Path outer = Files.createDirectory(root.resolve("outer"));
      Files.move(deep, outer.resolve("x".repeat(200)));
      Files.move(outer, deep);
    }
    TreeRemoval.remove(root.resolve("deep"));
    assertFalse(Files.exists(root.resolve("deep")));
  }

  @Test
  void aSandboxIsThereForItsOwnerAndForAdmins() {
    registry.reserve(
        creating("1", "web").change().owner(new Owner(1000, 1000)).build(), had -> {}, s -> s);
    assertTrue(registry.find("web", Caller.of(1000, 5, Set.of(), 1, null)).isPresent());
    assertTrue(registry.find("1", Caller.of(0, 0, Set.of(), 1, null)).isPresent());
    Caller stranger = Caller.of(1001, 1000, Set.of(1000L), 1, null);
    assertTrue(registry.find("web", stranger).isEmpty());
    assertTrue(registry.find("1", stranger).isEmpty());
    assertEquals(List.of(), registry.all(stranger));
  }

  @Test
  void theOwnersOtherSandboxesAreCounted() {
    List<Integer> counts = new ArrayList<>();
    for (String id : List.of("1", "2", "3")) {
      Owner owner = new Owner(id.equals("2") ? 7 : 8, 0);
      registry.reserve(
          creating(id, "name" + id).change().owner(owner).build(),
          had -> counts.add(had.getAsInt()),
          s -> s);
    }
    assertEquals(List.of(0, 0, 1), counts);
    assertThrows(
        IllegalStateException.class,
        () ->
            registry.reserve(
                creating("4", "full"),
                had -> {
                  throw new IllegalStateException("full");
                },
                s -> s));
    assertTrue(registry.find("full").isEmpty());
    reserve("4", "full");
  }
}
