package io.sandboxd.sandbox;

import static io.sandboxd.sandbox.NamespaceType.NETWORK;
import static io.sandboxd.sandbox.NamespaceType.PID;
import static io.sandboxd.sandbox.NamespaceType.TIME;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** What a namespace is when nothing is said of it. */
class NamespaceChoiceTest {
  @Test
  void allAreNewSaveTime() {
    SandboxSpec spec = Specs.checked("{}");
    for (NamespaceType type : NamespaceType.values()) {
      assertEquals(type == TIME ? NamespaceSource.HOST : NamespaceSource.NEW, spec.namespace(type));
    }
  }

  @Test
  void timeIsNewWithOffsets() {
    SandboxSpec spec = Specs.checked("{\"timeOffsets\": {\"boottime\": \"30d\"}}");
    assertEquals(NamespaceSource.NEW, spec.namespace(TIME));
  }

  @Test
  void theDefaultTurnsItRound() {
    SandboxSpec spec =
        Specs.checked("{\"namespaces\": {\"default\": \"host\", \"network\": \"new\"}}");
    assertEquals(NamespaceSource.NEW, spec.namespace(NETWORK));
    assertEquals(NamespaceSource.HOST, spec.namespace(PID));
    assertEquals(NamespaceSource.HOST, spec.namespace(TIME));
  }

  @Test
  void anotherSandboxCanBeTheDefault() {
    SandboxSpec spec =
        Specs.checked("{\"namespaces\": {\"default\": {\"sandbox\": \"pod\"}, \"pid\": \"new\"}}");
    assertEquals(new NamespaceSource.OfSandbox("pod"), spec.namespace(NETWORK));
    assertEquals(NamespaceSource.NEW, spec.namespace(PID));
  }

  @Test
  void nullIsNotSaid() {
    SandboxSpec spec = Specs.checked("{\"namespaces\": {\"default\": null, \"pid\": null}}");
    assertEquals(NamespaceSource.NEW, spec.namespace(PID));
  }
}
