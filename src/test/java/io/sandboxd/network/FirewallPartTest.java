package io.sandboxd.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sandboxd.network.Counters.Count;
import io.sandboxd.network.SandboxRules.Member;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.Egress;
import io.sandboxd.sandbox.net.Egress.Action;
import io.sandboxd.sandbox.net.Egress.Rule;
import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.PortRange;
import io.sandboxd.sandbox.net.Protocol;
import io.sandboxd.sandbox.net.PublishedPort;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands that are given to nftables. */
class FirewallPartTest {
  private static final String UPLINK = "02:00:00:00:00:01";
  private static final String ID = "00000000000000aa";

  private static SandboxRules sandbox(Egress egress, PublishedPort... ports) {
    return sandbox("v1", egress, ports);
  }

  private static SandboxRules sandbox(String device, Egress egress, PublishedPort... ports) {
    return new SandboxRules(
        ID,
        List.of(
            new Member(
                device,
                "02:00:00:00:00:02",
                List.of(IpAddress.parse("10.0.0.2"), IpAddress.parse("fd00::2")),
                "br0")),
        List.of(ports),
        egress);
  }

  private static FirewallPart part(SandboxRules sandbox) {
    return FirewallPart.of(sandbox, List.of(UPLINK));
  }

  private static final String MEMBER =
      """
      add element bridge t members { "v1" }
      add element bridge t ports { "v1" . 02:00:00:00:00:02 }
      add element bridge t uplinks { "v1" : 02:00:00:00:00:01 }
      add element bridge t members4 { "v1" . 02:00:00:00:00:02 . 10.0.0.2 }
      add element bridge t members6 { "v1" . 02:00:00:00:00:02 . fd00::2 }
      add element bridge t targets6 { "v1" . 0xfd000000000000000000000000000002 }
      """;

  @Test
  void aNetworkIsInTheSetsOfWhatItIs() {
    BridgeRules bridge =
        new BridgeRules(
            "br0",
            UPLINK,
            List.of(Cidr.parse("10.0.0.1/24"), Cidr.parse("fd00::1/64")),
            true,
            true);
    assertEquals(
        """
        add element inet t bridges { "br0" }
        add element inet t same { "br0" . "br0" }
        add element inet t internal { "br0" }
        add element inet t isolated { "br0" }
        add element inet t subnets4 { 10.0.0.0/24 }
        add element inet t isolated4 { 10.0.0.0/24 }
        add element inet t subnets6 { fd00::/64 }
        add element inet t isolated6 { fd00::/64 }
        """,
        FirewallPart.of(bridge).since(FirewallPart.NOTHING, "t"));
  }

  @Test
  void portsLeadToTheAddressesOfTheirFamily() {
    SandboxRules sandbox =
        sandbox(
            null,
            new PublishedPort(null, 8080, 80, null),
            new PublishedPort(IpAddress.parse("192.0.2.1"), 53, null, Protocol.UDP));
    assertEquals(
        MEMBER
            + """
            add element inet t any4 { tcp . 8080 : 10.0.0.2 . 80 }
            add element inet t any6 { tcp . 8080 : fd00::2 . 80 }
            add element inet t at4 { 192.0.2.1 . udp . 53 : 10.0.0.2 . 53 }
            """,
        part(sandbox).since(FirewallPart.NOTHING, "t"));
  }

  @Test
  void egressRulesAreAChain() {
    Egress egress =
        new Egress(
            Action.DENY,
            List.of(
                new Rule(Action.DENY, Cidr.parse("10.1.2.3/8"), Protocol.TCP, new PortRange(1, 9)),
                new Rule(Action.ALLOW, Cidr.parse("::/0"), null, null),
                new Rule(Action.ALLOW, null, Protocol.ICMP, null),
                new Rule(Action.ALLOW, Cidr.parse("fd00::/8"), Protocol.UDP, null)));
    assertEquals(
        """
        add chain inet t egress-00000000000000aa
        flush chain inet t egress-00000000000000aa
        add rule inet t egress-00000000000000aa ct direction reply return
        add rule inet t egress-00000000000000aa ct state related return
        add rule inet t egress-00000000000000aa ip daddr 10.0.0.0/8 meta l4proto tcp th dport 1-9 counter goto deny comment "0"
        add rule inet t egress-00000000000000aa meta nfproto ipv6 counter return comment "1"
        add rule inet t egress-00000000000000aa meta l4proto { icmp, ipv6-icmp } counter return comment "2"
        add rule inet t egress-00000000000000aa ip6 daddr fd00::/8 meta l4proto udp counter return comment "3"
        add rule inet t egress-00000000000000aa counter goto deny comment "default"
        """,
        EgressChain.added("t", ID, egress));
  }

  @Test
  void aChangeIsWhatDiffers() {
    Egress all = new Egress(null, null);
    FirewallPart free = part(sandbox(null, new PublishedPort(null, 8080, 80, null)));
    FirewallPart bound = part(sandbox(all, new PublishedPort(null, 8080, 81, null)));
    assertEquals(
        "delete element inet t any4 { tcp . 8080 }\n"
            + "delete element inet t any6 { tcp . 8080 }\n"
            + EgressChain.added("t", ID, all)
            + """
            add element bridge t watched { "v1" }
            add element bridge t watched4 { 10.0.0.2 }
            add element inet t egress4 { 10.0.0.2 : jump egress-00000000000000aa }
            add element bridge t watched6 { fd00::2 }
            add element inet t egress6 { fd00::2 : jump egress-00000000000000aa }
            add element inet t any4 { tcp . 8080 : 10.0.0.2 . 81 }
            add element inet t any6 { tcp . 8080 : fd00::2 . 81 }
            """,
        bound.since(free, "t"));
    assertEquals("", bound.since(bound, "t"));
    assertEquals(
        """
        delete element bridge t watched { "v1" }
        delete element bridge t watched4 { 10.0.0.2 }
        delete element inet t egress4 { 10.0.0.2 }
        delete element bridge t watched6 { fd00::2 }
        delete element inet t egress6 { fd00::2 }
        delete chain inet t egress-00000000000000aa
        """,
        part(sandbox(null)).since(part(sandbox(all)), "t"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "v1\"", "v 1", "v1*", "v1}", "sixteen-letters-"})
  void whatIsNoNameOfADeviceIsRefused(String device) {
    assertThrows(IllegalArgumentException.class, () -> part(sandbox(device, null)));
  }

  @Test
  void twoCannotHaveOnePort() {
    Elements one = new Elements();
    one.add("inet any4", "tcp . 80", "10.0.0.2 . 80");
    Elements other = new Elements();
    other.add("inet any4", "tcp . 80", "10.0.0.3 . 80");
    one.addAll(one);
    assertThrows(IllegalStateException.class, () -> one.addAll(other));
  }

  @Test
  void countersAreReadByTheirComments() {
    Counters counters =
        Counters.read(
            "{'nftables':[{'metainfo':{}},{'chain':{'name':'egress-1'}},{'rule':{'expr':[{'return':null}]}},{'rule':{'comment':'0','expr':[{'match':{}},{'counter':{'packets':3,'bytes':180}},{'return':null}]}},{'rule':{'comment':'default','expr':[{'counter':{'packets':1,'bytes':40}},{'goto':{'target':'deny'}}]}}]}"
                .replace('\'', '"'));
    assertEquals(new Counters(List.of(new Count(3, 180)), new Count(1, 40)), counters);
  }
}
