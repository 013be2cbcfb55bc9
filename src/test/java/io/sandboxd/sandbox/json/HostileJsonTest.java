package io.sandboxd.sandbox.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.Specs;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Bodies made to do harm: each gets an answer, at little cost. */
class HostileJsonTest {
  @Test
  void deepNestingIsCutShort() {
    for (String deep : List.of("{\"a\":".repeat(100_000), "[".repeat(100_000))) {
      SandboxException refusal =
          assertThrows(SandboxException.class, () -> SpecJson.readTree(Specs.bytes(deep)));
      assertEquals(ErrorCode.MALFORMED, refusal.code());
      assertTrue(refusal.getMessage().contains("at most 32 levels deep"), refusal.getMessage());
    }
  }

  @Test
  void longNumbersAreNotParsed() {
    RefusedJsonTest.assertMalformed(Specs.bytes("{\"ttl\": " + "9".repeat(1_000_000) + "}"));
    RefusedJsonTest.assertMalformed(Specs.bytes("{\"ttl\": 0." + "9".repeat(1_000_000) + "}"));
  }

  @Test
  void longNamesAreRefusedAndNotRepeated() {
    RefusedJsonTest.assertMalformed(Specs.bytes("{\"" + "a".repeat(1_000_000) + "\": 1}"));
    SandboxException refusal =
        assertThrows(
            SandboxException.class, () -> Specs.read("{\"" + "a".repeat(4_000) + "\": 1}"));
    assertTrue(refusal.getMessage().length() < 500);
  }

  @Test
  void longValuesAreNotRepeated() {
    for (String field : new String[] {"name", "hostname", "ttl"}) {
      SandboxException refusal =
          assertThrows(
              SandboxException.class,
              () -> Specs.checked("{\"" + field + "\": \"" + "9x".repeat(100_000) + "\"}"));
      assertEquals(field, refusal.fields().get("field"));
      assertTrue(refusal.getMessage().length() < 300, refusal.getMessage());
    }
  }

  @Test
  void namesInMessagesHaveNoControlCharacters() {
    SandboxException refusal =
        assertThrows(
            SandboxException.class,
            () -> Specs.checked("{\"labels\": {\"\\u001b[31m\\u0000\": \"x\"}}"));
    assertEquals("labels[\"\\u001b[31m\\u0000\"]", refusal.fields().get("field"));
    assertTrue(refusal.getMessage().chars().noneMatch(Character::isISOControl));
  }

  /**
   * Overlong forms and encoded surrogates are how NUL and halves of pairs are smuggled past a
   * check.
   */
  @Test
  void utf8IsTakenAtItsWord() {
    byte[] body = Specs.bytes("{\"process\":{\"args\":[\"a??????\"]}}");
    int at = new String(body, StandardCharsets.ISO_8859_1).indexOf('?');
    byte[] overlongNul = {(byte) 0xc0, (byte) 0x80, 'x', 'x', 'x', 'x'};
    System.arraycopy(overlongNul, 0, body, at, 6);
    assertThrows(SandboxException.class, () -> Specs.checkedBytes(body));
    byte[] encodedHalf = {(byte) 0xed, (byte) 0xa0, (byte) 0x80, 'x', 'x', 'x'};
    System.arraycopy(encodedHalf, 0, body, at, 6);
    assertThrows(SandboxException.class, () -> Specs.checkedBytes(body));
  }

  @Test
  void noiseIsMalformed() {
    Random random = new Random(1);
    for (int i = 0; i < 5_000; i++) {
      byte[] noise = new byte[random.nextInt(64)];
      random.nextBytes(noise);
      assertThrows(SandboxException.class, () -> Specs.checkedBytes(noise));
    }
  }

  /**
   * A good body with some bytes changed, cut or doubled is refused or taken, and never anything
   * else.
   */
  @Test
  void brokenBodiesGetAnAnswer() {
    Random random = new Random(2);
    byte[] good = Specs.bytes(Specs.FULL);
    int refused = 0;
    for (int i = 0; i < 5_000; i++) {
      byte[] body = good.clone();
      for (int n = random.nextInt(3); n >= 0; n--) {
        body[random.nextInt(body.length)] = (byte) random.nextInt(256);
      }
      try {
        Specs.checkedBytes(
            Arrays.copyOf(body, body.length - random.nextInt(2) * random.nextInt(99)));
      } catch (SandboxException e) {
        assertTrue(
            e.code() == ErrorCode.MALFORMED || e.code() == ErrorCode.INVALID_SPEC, e::getMessage);
        refused++;
      }
    }
    assertTrue(refused > 2_000);
  }
}
