package io.sandboxd.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class ExecResultTest {
  private static final ProcessStatus PROCESS = Processes.starting("e1", 2, Instant.EPOCH, "cat");
  private static final byte[] NONE = {};

  @Test
  void textIsText() {
    byte[] euro = "5 €\0\n".getBytes(StandardCharsets.UTF_8);
    ExecResult result = ExecResult.of(PROCESS, euro, false, NONE, false);
    assertEquals("5 €\0\n", result.stdout());
    assertEquals("", result.stderr());
    assertEquals(ExecResult.Encoding.UTF_8, result.encoding());
  }

  @Test
  void whatIsNotUtf8IsBase64ForBoth() {
    byte[] bytes = {(byte) 0xff, 0};
    byte[] text = {'a'};
    ExecResult result = ExecResult.of(PROCESS, text, false, bytes, false);
    assertEquals(ExecResult.Encoding.BASE64, result.encoding());
    assertEquals("YQ==", result.stdout());
    assertEquals(Base64.getEncoder().encodeToString(bytes), result.stderr());
  }

  @Test
  void aCharacterThatTheLimitCutIsLeftOut() {
    byte[] cut = {'a', (byte) 0xe2, (byte) 0x82};
    ExecResult result = ExecResult.of(PROCESS, cut, true, NONE, false);
    assertEquals("a", result.stdout());
    assertEquals(ExecResult.Encoding.UTF_8, result.encoding());
  }

  @Test
  void aCharacterThatTheProcessCutIsNot() {
    byte[] cut = {'a', (byte) 0xe2, (byte) 0x82};
    ExecResult result = ExecResult.of(PROCESS, cut, false, NONE, false);
    assertEquals(ExecResult.Encoding.BASE64, result.encoding());
  }
}
