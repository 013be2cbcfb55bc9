package io.sandboxd.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import org.junit.jupiter.api.Test;

class NftablesTest {
  @Test
  void aHostWithoutTheLibraryIsToldWhatToInstall() {
    Nftables nftables = new Nftables("libnftables-that-is-not-there.so.1");
    for (int i = 0; i < 2; i++) {
      SandboxException refusal =
          assertThrows(SandboxException.class, () -> nftables.run("list tables"));
      assertEquals(ErrorCode.LAUNCH_FAILED, refusal.code());
      assertTrue(refusal.getMessage().contains("libnftables1"), refusal.getMessage());
    }
  }

  @Test
  void whatItDoesNotUnderstandItSays() {
    NftablesException refusal =
        assertThrows(NftablesException.class, () -> new Nftables().run("make tables"));
    assertTrue(refusal.getMessage().contains("syntax error"), refusal.getMessage());
  }
}
