package io.sandboxd.sandbox.rules;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.Specs;
import io.sandboxd.sandbox.json.SpecJson;
import io.sandboxd.sandbox.net.Conditions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the conditions on a cable may be: each limit from both sides. */
class ConditionRulesTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{'rate':'10Mbit','delay':'20ms','jitter':'20ms','loss':0.5}",
        "{'delay':0,'jitter':0,'loss':0}",
        "{'delay':'1m','jitter':'1m','loss':100}",
      })
  void taken(String conditions) {
    assertDoesNotThrow(() -> check(conditions));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {'delay':'-1ms'}                 | delay  | must be 0 or more
          {'delay':60.001}                 | delay  | can be at most a minute
          {'delay':'1m','jitter':'61s'}    | jitter | can be at most a minute
          {'delay':'1m','jitter':'-1s'}    | jitter | must be 0 or more
          {'jitter':'1ms'}                 | jitter | can be at most the delay
          {'delay':'1ms','jitter':'1.1ms'} | jitter | can be at most the delay
          {'loss':-0.1}                    | loss   | must be 0 to 100
          {'loss':100.1}                   | loss   | must be 0 to 100
          {'rate':'7kbit'}                 | rate   | 8kbit to 1Tbit
          """)
  void refused(String conditions, String field, String sentence) {
    SandboxException refusal = assertThrows(SandboxException.class, () -> check(conditions));
    assertEquals(field, refusal.fields().get("field"));
    assertTrue(refusal.getMessage().contains(sentence), refusal.getMessage());
  }

  private static void check(String conditions) {
    byte[] json = Specs.bytes(conditions.replace('\'', '"'));
    Specs.VALIDATOR.check(SpecJson.read(json, Conditions.class), FieldPath.ROOT);
  }
}
