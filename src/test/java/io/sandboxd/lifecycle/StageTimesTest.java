package io.sandboxd.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class StageTimesTest {
  @Test
  void stagesAreInTheirOrder() {
    StageTimes times = new StageTimes();
    assertEquals("", times.header());
    times.done("first");
    times.done("second");
    String number = "\\d+\\.\\d{3}";
    assertTrue(
        times.header().matches("first;dur=" + number + ", second;dur=" + number), times.header());
  }
}
