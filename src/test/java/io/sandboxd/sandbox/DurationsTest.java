package io.sandboxd.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {
  @ParameterizedTest
  @CsvSource({
    "0, PT0S",
    "30, PT30S",
    "0.25, PT0.25S",
    "500ms, PT0.5S",
    "2m, PT2M",
    "24h, PT24H",
    "7d, PT168H",
    "1h30m, PT1H30M",
    "1.5h, PT1H30M",
    "1d2h3m4s5ms, PT26H3M4.005S",
    "-24h, PT-24H",
    "-0.5, PT-0.5S"
  })
  void readsUnits(String text, Duration duration) {
    assertEquals(duration, Durations.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "s",
        "h1",
        "1x",
        "1 s",
        " 1s",
        "1s ",
        "--1s",
        "1s-1s",
        "PT1H",
        "1e9",
        "NaN",
        "1.s",
        ".5s",
        "99999999999d",
        "10000000001",
        "1us",
        "٣s"
      })
  void refusesWhatIsNoDuration(String text) {
    assertThrows(IllegalArgumentException.class, () -> Durations.parse(text));
  }

  @Test
  void numbersOfABillionDigitsCostNothing() {
    assertTimeoutPreemptively(
        Duration.ofSeconds(5),
        () -> {
          assertThrows(
              IllegalArgumentException.class,
              () -> Durations.ofSeconds(new BigDecimal("1e999999999")));
          assertThrows(
              IllegalArgumentException.class,
              () -> Durations.ofSeconds(new BigDecimal("-1e999999999")));
          assertEquals(Duration.ZERO, Durations.ofSeconds(new BigDecimal("1e-999999999")));
        });
  }

  @Test
  void writesWhatItReads() {
    Random random = new Random(7);
    for (int i = 0; i < 1_000; i++) {
      Duration duration =
          Duration.ofSeconds(
              random.nextInt(), random.nextBoolean() ? 0 : random.nextInt(1_000_000_000));
      BigDecimal written = Durations.toSeconds(duration);
      assertEquals(duration, Durations.ofSeconds(written), written::toPlainString);
    }
  }

  @Test
  void writesIntegersWithoutExponent() {
    assertEquals("86400", Durations.toSeconds(Duration.ofDays(1)).toString());
    assertEquals("0.5", Durations.toSeconds(Duration.ofMillis(500)).toString());
    assertEquals("0", Durations.toSeconds(Duration.ZERO).toString());
  }
}
