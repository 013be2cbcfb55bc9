package io.sandboxd.sandbox.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.ExecResult;
import io.sandboxd.sandbox.ExitStatus;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.Owner;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.Processes;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.SandboxStatus;
import io.sandboxd.sandbox.SandboxStatus.NamespaceStatus;
import io.sandboxd.sandbox.SandboxStatus.Origin;
import io.sandboxd.sandbox.SandboxUsage;
import io.sandboxd.sandbox.Specs;
import io.sandboxd.sandbox.StoredForm;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients are shown of a status, and what the files keep of it. */
class StoredJsonTest {
  private static final Instant NOON = Instant.parse("2030-01-31T12:00:00.123456789Z");
  private static final SandboxUsage USED =
      new SandboxUsage(0.5, 1.25, 4_096L, 3L, 1L, new SandboxUsage.Waiting(0.5, null, 0.25));
  private static final ExitStatus OOM =
      new ExitStatus(137, "KILL", ExitStatus.Reason.oom, null).with(USED);

  private static final ProcessStatus MAIN =
      Processes.starting("main", 1, NOON, "/bin/sh").withPids(4_711, 2);

  private static SandboxStatus full() {
    Map<NamespaceType, NamespaceStatus> namespaces = new EnumMap<>(NamespaceType.class);
    namespaces.put(NamespaceType.PID, new NamespaceStatus(4_026_531_836L, Origin.NEW, null));
    namespaces.put(
        NamespaceType.NETWORK, new NamespaceStatus(4_026_531_840L, Origin.JOINED, "pod"));
    return SandboxStatus.creating("id1", "web", Specs.read(Specs.FULL), NOON)
        .change()
        .pid(4_710)
        .initStartTicks(123_456_789_012L)
        .cgroup("sandboxd/id1")
        .namespaces(namespaces)
        .idMappings(Specs.read(Specs.FULL).idMappings())
        .build()
        .started(NOON.plusSeconds(1))
        .stopped(NOON.plusSeconds(2), OOM);
  }

  @Test
  void aStatusGoesToTheFileAndBack() {
    assertEquals(full(), StoredJson.read(StoredJson.write(full()), SandboxStatus.class));
    ProcessStatus ended = MAIN.exited(NOON, OOM, new ProcessStatus.Usage(0.5, 4_096, 1.25, null));
    assertEquals(ended, StoredJson.read(StoredJson.write(ended), ProcessStatus.class));
  }

  @Test
  void aFileWithoutAnOwnerIsRoots() {
    SandboxStatus owned = full().change().owner(new Owner(1000, 100)).build();
    assertEquals(owned, StoredJson.read(StoredJson.write(owned), SandboxStatus.class));
    ObjectNode old = (ObjectNode) SpecJson.readTree(StoredJson.write(owned));
    old.remove("owner");
    assertEquals(Owner.ROOT, StoredJson.read(SpecJson.write(old), SandboxStatus.class).owner());
  }

  @Test
  void theFileKeepsWhatClientsAreNotShown() {
    SandboxStatus status = full().withProcesses(Map.of("main", MAIN));
    JsonNode shown = SpecJson.toTree(status);
    JsonNode kept = SpecJson.readTree(StoredJson.write(status));
    for (String hidden : List.of("version", "initStartTicks")) {
      assertTrue(kept.has(hidden), hidden);
      assertFalse(shown.has(hidden), hidden);
    }
    assertFalse(shown.at("/processes/main").has("version"));
    assertEquals("main", shown.at("/processes/main/id").textValue());
  }

  @Test
  void clientsAreShownTheContractsForms() {
    JsonNode shown = SpecJson.toTree(full());
    assertEquals("stopped", shown.path("state").textValue());
    assertEquals("2030-01-31T12:00:00.123456789Z", shown.path("createdAt").textValue());
    assertEquals("2030-01-31T13:00:00.123456789Z", shown.path("expiresAt").textValue());
    assertEquals(4_026_531_836L, shown.at("/namespaces/pid/inode").longValue());
    assertEquals("new", shown.at("/namespaces/pid/origin").textValue());
    assertEquals("pod", shown.at("/namespaces/network/from").textValue());
    assertEquals("oom", shown.at("/exit/reason").textValue());
    assertEquals(137, shown.at("/exit/code").intValue());
    assertFalse(shown.path("exit").has("killedBy"));
    assertFalse(shown.has("error"));
    assertFalse(shown.has("processes"));
  }

  @Test
  void anExecResultIsAProcessAndMore() {
    byte[] out = {'h', 'i'};
    JsonNode shown =
        SpecJson.toTree(
            ExecResult.of(
                MAIN.exited(NOON, OOM, new ProcessStatus.Usage(0.5, 4_096, 1.25, null)),
                out,
                false,
                out,
                true));
    assertEquals("main", shown.path("id").textValue());
    assertEquals("exited", shown.path("state").textValue());
    assertEquals("hi", shown.path("stdout").textValue());
    assertEquals("utf-8", shown.path("encoding").textValue());
    assertEquals(true, shown.path("stderrTruncated").booleanValue());
    assertEquals(4_096, shown.at("/usage/maxRssBytes").longValue());
    assertFalse(shown.has("process"));
    assertFalse(shown.has("version"));
    assertFalse(shown.has("terms"));
  }

  @Test
  void aNewerFileIsRecognised() {
    String newer = "{\"version\": " + (StoredForm.VERSION + 1) + ", \"soul\": true}";
    SandboxException refusal = unreadable(newer);
    assertEquals(StoredForm.VERSION + 1, refusal.fields().get("fileVersion"));
    assertTrue(refusal.getMessage().contains("newer sandboxd"), refusal.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "null",
        "[]",
        "{}",
        "{\"version\": 0}",
        "{\"version\": \"1\"}",
        "{\"version\": 1, \"soul\": true}",
        "{\"version\": 1, \"id\": 5}",
        "{\"version\": 1, \"state\": \"dreaming\"}",
        "{\"version\": 1, \"createdAt\": \"noon\"}"
      })
  void aDamagedFileIsRecognised(String content) {
    assertFalse(unreadable(content).fields().containsKey("fileVersion"));
  }

  @Test
  void everyTruncationOfAFileIsDamage() {
    byte[] whole = StoredJson.write(full());
    for (int length = 0; length < whole.length; length++) {
      String part = new String(whole, 0, length, StandardCharsets.UTF_8);
      assertThrows(
          SandboxException.class, () -> StoredJson.read(Specs.bytes(part), SandboxStatus.class));
    }
  }

  @Test
  void copiesLeaveTheOriginalAlone() {
    SandboxStatus stopped = full();
    SandboxStatus again = stopped.started(NOON.plusSeconds(9));
    assertEquals(SandboxState.STOPPED, stopped.state());
    assertEquals(OOM, stopped.exit());
    assertEquals(SandboxState.RUNNING, again.state());
    assertEquals(null, again.exit());
    assertEquals(null, again.stoppedAt());
    assertEquals("why", stopped.broken("why").error());
    assertEquals(stopped, stopped.change().build());
  }

  private static SandboxException unreadable(String content) {
    SandboxException refusal =
        assertThrows(
            SandboxException.class,
            () -> StoredJson.read(Specs.bytes(content), SandboxStatus.class));
    assertEquals(ErrorCode.INTERNAL, refusal.code());
    return refusal;
  }
}
