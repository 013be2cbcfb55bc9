package io.sandboxd.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.BitSet;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

  @ParameterizedTest
  @CsvSource({"'0-1,3','0-1,3'", "'3,1,2','1-3'", "'5',5", "'0-0\n',0", "'',''"})
  void cpuListsAreReadAndWritten(String text, String formatted) {
    assertEquals(formatted, CpuList.format(CpuList.parse(text)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "1-", "-1", "3-1", "1,,2", "1,", "0-123456", "0-10:2/4", "1 2"})
  void whatIsNoCpuListIsNull(String text) {
    BitSet cpus = CpuList.parse(text);
    assertNull(cpus);
  }

  @ParameterizedTest
  @CsvSource({"1,2", "100,1024", "10000,262144"})
  void weightsMeetTheEndsAndTheDefaultOfShares(int weight, long shares) {
    assertEquals(shares, CpuShare.shares(weight));
  }

  @Test
  void sharesGrowWithWeights() {
    for (int weight = 2; weight <= 10_000; weight++) {
      int w = weight;
      assertEquals(true, CpuShare.shares(w) > CpuShare.shares(w - 1), () -> "at " + w);
    }
  }
}
