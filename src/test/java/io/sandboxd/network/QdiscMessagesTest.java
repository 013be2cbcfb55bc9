package io.sandboxd.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.linux.NetlinkMessage;
import io.sandboxd.sandbox.net.BitRate;
import io.sandboxd.sandbox.net.Conditions;
import java.time.Duration;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The bytes that linux/pkt_sched.h and linux/pkt_cls.h ask for, on a little-endian machine. */
class QdiscMessagesTest {
  private static final String ROOT_OF_2 = "00000000 02000000 00000100 ffffffff 00000000";
  private static final String ZEROS_12 = "00000000 00000000 00000000";

  @Test
  void aRateHasNoTable() {
    assertBytes(
        ROOT_OF_2
            + " 08000100 74626600" // TCA_KIND tbf
            + " 40000280" // TCA_OPTIONS
            + " 28000100 00010000 00000000 a0252600" // TCA_TBF_PARMS: Ethernet; 20 Mbit
            + ZEROS_12 // no peak
            + " 00960000 00000000 00000000" // limit
            + " 0c000400 a0252600 00000000" // TCA_TBF_RATE64
            + " 08000600 10270000", // TCA_TBF_BURST
        QdiscMessages.bucket(2, 1, new Bucket(2_500_000, 10_000, 38_400)));
  }

  @Test
  void aRateOfMoreThan32BitsHasAPlaceOfItsOwn() {
    String bytes = hex(QdiscMessages.bucket(2, 1, new Bucket(10_000_000_000L, 1, 1)));
    assertTrue(bytes.contains("280001000001000000000000ffffffff"), bytes);
    assertTrue(bytes.contains("0c00040000e40b5402000000"), bytes);
  }

  /** As tc(8) has "delay 100ms 10ms loss 1% rate 10mbit limit 1000". */
  @Test
  void conditionsAreCountedInTicksAndSharesOf32Bits() {
    assertBytes(
        ROOT_OF_2
            + " 0a000100 6e657465 6d000000" // TCA_KIND netem
            + " 3c000280" // TCA_OPTIONS
            + " 84d71700" // latency, of 64 ns
            + " e8030000" // limit
            + " 295c8f02" // loss
            + " 00000000 00000000" // gap, duplicate
            + " 5a620200" // jitter
            + " 14000600 d0121300 " // TCA_NETEM_RATE
            + ZEROS_12
            + " 0c000800 d0121300 00000000", // TCA_NETEM_RATE64
        QdiscMessages.conditions(
            2,
            1,
            new Conditions(
                new BitRate(10_000_000), Duration.ofMillis(100), Duration.ofMillis(10), 1.0),
            1_000));
  }

  @Test
  void theLargestConditionsFit() {
    Conditions worst = new Conditions(null, Duration.ofMinutes(1), Duration.ofMinutes(1), 100.0);
    assertBytes(
        ROOT_OF_2
            + " 0a000100 6e657465 6d000000 1c000280"
            + " 601de137 40420f00 ffffffff 00000000 00000000 601de137",
        QdiscMessages.conditions(2, 1, worst, Shaping.packetsUnderWay(worst)));
  }

  @Test
  void aRedirectionIsAboutEveryPacket() {
    assertBytes(
        "00000000 02000000 01000080 0000ffff 00030100" // 800::1 of ffff:, all protocols, priority 1
            + " 08000100 75333200" // TCA_KIND u32
            + " 60000280" // TCA_OPTIONS
            + " 24000500 01000100 " // TCA_U32_SEL: terminal, one key
            + ZEROS_12
            + ZEROS_12
            + " 00000000"
            + " 38000780 34000180" // TCA_U32_ACT, the first
            + " 0b000100 6d697272 65640000" // TCA_ACT_KIND mirred
            + " 24000280 20000200" // TCA_ACT_OPTIONS, TCA_MIRRED_PARMS
            + " 00000000 00000000 04000000 00000000 00000000" // stolen
            + " 01000000 07000000", // out through 7
        QdiscMessages.redirect(2, 7));
  }

  @Test
  void aBucketHoldsAPacketAndALatenessAndLetsTcpFillTheLine() {
    assertEquals(new Bucket(125_000, 10_000, 42_000), Bucket.of(BitRate.parse("1Mbit"), 1_500));
    assertEquals(new Bucket(125_000, 65_567, 97_567), Bucket.of(BitRate.parse("1Mbit"), 65_535));
    assertEquals(
        new Bucket(1_250_000_000, 5_000_000, 36_250_000),
        Bucket.of(BitRate.parse("10Gbit"), 1_500));
    assertEquals(
        new Bucket(125_000_000_000L, 64_000_000, 128_000_000),
        Bucket.of(BitRate.parse("1Tbit"), 1_500));
  }

  private static void assertBytes(String expected, NetlinkMessage message) {
    assertEquals(expected.replace(" ", ""), hex(message));
  }

  private static String hex(NetlinkMessage message) {
    return HexFormat.of().formatHex(NetlinkMessage.bytes(message.content()));
  }
}
