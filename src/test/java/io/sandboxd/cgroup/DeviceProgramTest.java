package io.sandboxd.cgroup;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Down to the bits; what they do is shown on the kernel, by {@link DeviceGuardIT}. */
class DeviceProgramTest {
  private static final String PROLOGUE =
      "6112000000000000" // r2 = *(u32 *) (r1 + 0)
          + "bf23000000000000" // r3 = r2
          + "57020000ffff0000" // r2 &= 0xffff
          + "7703000010000000" // r3 >>= 16
          + "6114040000000000" // r4 = *(u32 *) (r1 + 4)
          + "6115080000000000"; // r5 = *(u32 *) (r1 + 8)

  private static final String NO = "b700000000000000" + "9500000000000000";
  private static final String YES = "b700000001000000" + "9500000000000000";

  private static void assertProgram(String expected, List<DeviceRule> rules) {
    assertArrayEquals(HexFormat.of().parseHex(expected), DeviceProgram.of(rules));
  }

  @Test
  void nothingIsAllowedByNoRule() {
    assertProgram(PROLOGUE + NO, List.of());
  }

  @Test
  void aRuleOfAllAccessAsksForTypeAndNumbers() {
    assertProgram(
        PROLOGUE
            + "5502040002000000" // if r2 != 2 goto +4
            + "5504030001000000" // if r4 != 1 goto +3
            + "5505020003000000" // if r5 != 3 goto +2
            + YES
            + NO,
        List.of(new DeviceRule(false, 1, 3, "rwm")));
  }

  @Test
  void aRuleOfSomeAccessRefusesTheRest() {
    assertProgram(
        PROLOGUE
            + "5502050001000000" // if r2 != 1 goto +5
            + "bf36000000000000" // r6 = r3
            + "5706000006000000" // r6 &= read | write
            + "5506020000000000" // if r6 != 0 goto +2
            + YES
            + NO,
        List.of(new DeviceRule(true, null, null, "m")));
  }

  @Test
  void rulesAreWrittenAsTheKernelHasThem() {
    assertEquals("c 1:3 rwm", new DeviceRule(false, 1, 3, "rwm").text());
    assertEquals("b *:* m", new DeviceRule(true, null, null, "m").text());
  }
}
