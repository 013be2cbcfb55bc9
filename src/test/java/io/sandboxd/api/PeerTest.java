package io.sandboxd.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

class PeerTest {
  @Test
  void theUnitIsTheOutermostWithProcesses() {
    assertEquals("cron.service", Peer.unitOf("0::/system.slice/cron.service\n"));
    assertEquals("a@b.service", Peer.unitOf("0::/system.slice/system-a.slice/a@b.service/part\n"));
    assertEquals(
        "user@1000.service",
        Peer.unitOf("0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service\n"));
    assertEquals(
        "session-3.scope", Peer.unitOf("0::/user.slice/user-1000.slice/session-3.scope\n"));
  }

  @Test
  void onOldHierarchiesItIsInSystemdsOwn() {
    assertEquals(
        "cron.service",
        Peer.unitOf("5:cpu:/other.service\n1:name=systemd:/system.slice/cron.service\n0::/\n"));
  }

  @Test
  void notEveryGroupIsAUnit() {
    assertNull(Peer.unitOf("0::/\n"));
    assertNull(Peer.unitOf("0::/user.slice/mine.services\n"));
    assertNull(Peer.unitOf("7:memory:/system.slice/cron.service\n"));
    assertNull(Peer.unitOf(""));
  }
}
