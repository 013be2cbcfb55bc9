package io.sandboxd.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "4096, 4096",
    "64k, 64000",
    "64K, 64000",
    "64M, 64000000",
    "64Mi, 67108864",
    "1.5Gi, 1610612736",
    "0.5Ki, 512",
    "2T, 2000000000000",
    "1Pi, 1125899906842624",
    "9223372036854775807, 9223372036854775807",
    "8191Pi, 9222246136947933184"
  })
  void readsUnits(String text, long bytes) {
    assertEquals(new ByteSize(bytes), ByteSize.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "x",
        "-1",
        "-1Mi",
        "+1",
        "64m",
        "64mi",
        "64 Mi",
        "64MiB",
        "64Ei",
        "Mi",
        "1e3",
        "0x10",
        ".5Gi",
        "1.Gi",
        "1,5Gi",
        "٣",
        "1Mi\n",
        "NaN",
        "Infinity"
      })
  void refusesWhatIsNoSize(String text) {
    assertThrows(IllegalArgumentException.class, () -> ByteSize.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"9223372036854775808", "9223372036854775807k", "8192Pi", "9999999999999999999Pi"})
  void refusesOverflow(String text) {
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> ByteSize.parse(text));
    assertEquals("a size is at most 9223372036854775807 bytes", refusal.getMessage());
  }

  @Test
  void refusesFractionsOfBytes() {
    assertThrows(IllegalArgumentException.class, () -> ByteSize.parse("1.5"));
    assertThrows(IllegalArgumentException.class, () -> ByteSize.parse("0.3Ki"));
    assertThrows(IllegalArgumentException.class, () -> new ByteSize(-1));
  }
}
