package io.sandboxd.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.sandbox.net.BitRate;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.PortRange;
import java.math.BigInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NetValuesTest {
  @ParameterizedTest
  @CsvSource({
    "10.0.0.1, 10.0.0.1",
    "255.255.255.255, 255.255.255.255",
    "FD00:0:0:0:0:0:0:1, fd00::1",
    "::, ::",
    "::1, ::1",
    "1:0:0:2:0:0:0:3, 1:0:0:2::3",
    "1:0:2:3:4:5:6:7, 1:0:2:3:4:5:6:7",
    "2001:db8::, 2001:db8::"
  })
  void addresses(String text, String canonical) {
    assertEquals(canonical, IpAddress.parse(text).toString());
    assertEquals(IpAddress.parse(canonical), IpAddress.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "01.2.3.4",
        "1.2.3.4 ",
        "::1%lo",
        ":::",
        "1::2::3",
        "::ffff:1.2.3.4",
        "0:0:0:0:0:ffff:102:304",
        "g::",
        "[::1]",
        "localhost",
        "1.2.3.0x4",
        "12345::"
      })
  void noAddresses(String text) {
    assertThrows(IllegalArgumentException.class, () -> IpAddress.parse(text));
  }

  @Test
  void networks() {
    Cidr cidr = Cidr.parse("10.1.2.3/16");
    assertEquals("10.1.0.0/16", cidr.network().toString());
    assertFalse(cidr.isNetwork());
    assertTrue(cidr.contains(IpAddress.parse("10.1.255.255")));
    assertFalse(cidr.contains(IpAddress.parse("10.2.0.0")));
    assertFalse(cidr.contains(IpAddress.parse("fd00::")));
    assertTrue(cidr.overlaps(Cidr.parse("10.0.0.0/8")));
    assertTrue(Cidr.parse("10.0.0.0/8").overlaps(cidr));
    assertTrue(Cidr.parse("0.0.0.0/0").contains(IpAddress.parse("255.255.255.255")));
    assertFalse(Cidr.parse("0.0.0.0/0").overlaps(Cidr.parse("::/0")));
    assertEquals("fd00::1:0", Cidr.parse("fd00::/64").at(BigInteger.valueOf(65_536)).toString());
    assertEquals(BigInteger.valueOf(515), cidr.indexOf(IpAddress.parse("10.1.2.3")));
    assertEquals(BigInteger.ONE, Cidr.parse("::1/128").size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "fd00::/129", "/8", "a/8"})
  void noNetworks(String text) {
    assertThrows(IllegalArgumentException.class, () -> Cidr.parse(text));
  }

  @Test
  void rates() {
    assertEquals(1_500_000_000L, BitRate.parse("1.5Gbit").bits());
    assertEquals(8_000, BitRate.parse("8000bit").bits());
    assertEquals(1_000, BitRate.parse("8kbit").bytesPerSecond());
    for (String text :
        new String[] {"7999bit", "1.1Tbit", "9999999999999Tbit", "10M", "10mbit", ""}) {
      assertThrows(IllegalArgumentException.class, () -> BitRate.parse(text));
    }
  }

  @Test
  void ports() {
    assertEquals(new PortRange(80, 80), PortRange.parse("80"));
    assertEquals("80-90", PortRange.parse("80-90").toString());
    for (String text : new String[] {"0", "65536", "90-80", "80-", "-80", "http"}) {
      assertThrows(IllegalArgumentException.class, () -> PortRange.parse(text));
    }
    assertThrows(IllegalArgumentException.class, () -> PortRange.of(1L << 40));
  }
}
