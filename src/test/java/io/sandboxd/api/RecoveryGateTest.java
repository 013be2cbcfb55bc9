package io.sandboxd.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.eclipse.microprofile.health.HealthCheckResponse.Status;
import org.junit.jupiter.api.Test;

class RecoveryGateTest {
  @Test
  void isReadyOnlyWhenTheSandboxesAreKnown() {
    RecoveryGate gate = new RecoveryGate();
    assertEquals(Status.DOWN, gate.check().call().getStatus());
    gate.open();
    assertEquals(Status.UP, gate.check().call().getStatus());
  }
}
