package io.sandboxd.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ControlTextTest {
  @Test
  void readsANumber() {
    assertEquals(4096L, ControlText.number("4096\n"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"max\n", "", "1 2", "18446744073709551615", "0x10"})
  void whatIsNoNumberIsNull(String text) {
    assertNull(ControlText.number(text));
  }

  @Test
  void flatKeyedLeavesOutWhatDoesNotFit() {
    assertEquals(
        Map.of("populated", 1L, "frozen", 0L),
        ControlText.flatKeyed("populated 1\n\nodd\nthree 1 2\nword x\nfrozen 0\n"));
  }

  @Test
  void nestedKeyedReadsPairsAndLeavesOutWhatIsNone() {
    assertEquals(
        Map.of("8:0", Map.of("rbytes", "1", "wbytes", "2"), "8:16", Map.of()),
        ControlText.nestedKeyed("8:0 rbytes=1 wbytes=2 odd =3\n8:16\n"));
  }
}
