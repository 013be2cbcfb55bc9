package io.sandboxd.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CpuShareTest {
  @ParameterizedTest
  @CsvSource({"1,2", "100,1024", "10000,262144"})
  void weightsMeetTheEndsAndTheDefaultOfShares(int weight, long shares) {
    assertEquals(shares, CpuShare.shares(weight));
  }

  @Test
  void sharesGrowWithWeights() {
    for (int weight = 2; weight <= 10_000; weight++) {
      assertTrue(CpuShare.shares(weight) > CpuShare.shares(weight - 1), "at " + weight);
    }
  }
}
