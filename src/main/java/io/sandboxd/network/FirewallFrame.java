package io.sandboxd.network;

/**
 * The tables without anybody in them. All that comes and goes is an element of a set or of a map,
 * so that a packet's way is no longer with thousands of sandboxes than with one; only egress rules
 * are rules, in a chain for each sandbox that has some.
 *
 * <p>Not made by {@code meta ibrname} or the connection tracking of bridges: kernels may be without
 * both. On the other hand bridged packets may or may not be seen by the inet table (br_netfilter,
 * which the daemons of containers switch on), so all of it holds either way.
 *
 * <p>Packets to a neighbour are switched, and never come to IP. Those from or to a sandbox with
 * egress rules are "watched": they get the bridge's own hardware address, and the host routes them
 * back to where they would have gone. It must not tell the sender of the shorter way: hence no
 * redirects. And its rules decide before routing, since the kernel counts the redirects which it
 * would send as errors that it has told of, and bounds their sum: a refusal that comes later would
 * not be sent. TCP is refused with a reset, which is not bounded.
 */
final class FirewallFrame {
  /** Without which IPv6 does not work within a network, and which nobody but neighbours sees. */
  private static final String DISCOVERY =
      "{ nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert,"
          + " mld-listener-report, mld-listener-done, mld2-listener-report }";

  private static final String TEXT =
      """
      table bridge TABLE {
        set members { type ifname; }
        set ports { type ifname . ether_addr; }
        set members4 { type ifname . ether_addr . ipv4_addr; }
        set members6 { type ifname . ether_addr . ipv6_addr; }
        set targets6 { typeof iifname . @th,64,128; }
        map uplinks { type ifname : ether_addr; }
        set watched { type ifname; }
        set watched4 { type ipv4_addr; }
        set watched6 { type ipv6_addr; }

        chain prerouting {
          type filter hook prerouting priority -300; policy accept;
          iifname != @members accept
          iifname . ether saddr != @ports drop
          ether type vmap { arp : goto from-arp, ip : goto from-ip4, ip6 : goto from-ip6 }
          drop
        }
        chain from-arp {
          arp htype != 1 drop
          arp ptype != ip drop
          iifname . arp saddr ether . arp saddr ip @members4 accept
          arp saddr ip 0.0.0.0 iifname . arp saddr ether @ports accept
          drop
        }
        chain from-ip4 {
          iifname . ether saddr . ip saddr != @members4 drop
          ip daddr 127.0.0.0/8 drop
          udp sport 67 drop
          icmp type redirect drop
          iifname @watched meta pkttype { broadcast, multicast } drop
          iifname @watched goto upward
          ip daddr @watched4 goto upward
        }
        chain from-ip6 {
          icmpv6 type { nd-router-advert, nd-redirect } drop
          udp sport 547 drop
          icmpv6 type nd-neighbor-advert @th,64,10 != 0x3fa iifname . @th,64,128 != @targets6 drop
          ip6 saddr :: icmpv6 type DISCOVERY accept
          ip6 saddr != fe80::/10 iifname . ether saddr . ip6 saddr != @members6 drop
          icmpv6 type DISCOVERY accept
          iifname @watched meta pkttype { broadcast, multicast } drop
          iifname @watched ip6 saddr fe80::/10 drop
          iifname @watched ip6 daddr fe80::/10 drop
          iifname @watched goto upward
          ip6 daddr @watched6 goto upward
        }
        chain upward {
          ether daddr set iifname map @uplinks meta pkttype set host accept
        }
      }
      table inet TABLE {
        set bridges { type ifname; }
        set same { type ifname . ifname; }
        set outward { type ifname; }
        set internal { type ifname; }
        set isolated { type ifname; }
        set subnets4 { type ipv4_addr; flags interval; }
        set subnets6 { type ipv6_addr; flags interval; }
        set isolated4 { type ipv4_addr; flags interval; }
        set isolated6 { type ipv6_addr; flags interval; }
        map any4 { type inet_proto . inet_service : ipv4_addr . inet_service; }
        map any6 { type inet_proto . inet_service : ipv6_addr . inet_service; }
        map at4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
        map at6 { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service; }
        map egress4 { type ipv4_addr : verdict; }
        map egress6 { type ipv6_addr : verdict; }

        chain publish {
          dnat ip to ip daddr . meta l4proto . th dport map @at4
          dnat ip6 to ip6 daddr . meta l4proto . th dport map @at6
          dnat ip to meta l4proto . th dport map @any4
          dnat ip6 to meta l4proto . th dport map @any6
        }
        chain prerouting {
          type nat hook prerouting priority -100; policy accept;
          meta l4proto { tcp, udp } fib daddr type local goto publish
        }
        chain output-nat {
          type nat hook output priority -100; policy accept;
          meta l4proto { tcp, udp } fib daddr type local goto publish
        }
        chain postrouting {
          type nat hook postrouting priority 100; policy accept;
          ip saddr 127.0.0.0/8 oifname @bridges masquerade
          ct status dnat iifname . oifname @same masquerade
          iifname @outward oifname != @bridges masquerade
        }
        chain deny {
          meta l4proto tcp reject with tcp reset
          reject with icmpx admin-prohibited
        }
        chain egress {
          type filter hook prerouting priority -90; policy accept;
          iifname != @bridges accept
          icmpv6 type DISCOVERY accept
          ip saddr vmap @egress4
          ip6 saddr vmap @egress6
        }
        chain forward {
          type filter hook forward priority 0; policy accept;
          iifname . oifname @same accept
          iifname @bridges icmpv6 type DISCOVERY drop
          iifname @internal goto deny
          oifname @internal drop
          oifname @bridges goto inward
        }
        chain inward {
          ct state established,related accept
          ct status dnat accept
          iifname != @bridges drop
          iifname @isolated goto deny
          oifname @isolated goto deny
        }
        chain input {
          type filter hook input priority 0; policy accept;
          iifname != @bridges accept
          ip daddr 127.0.0.0/8 ct direction original drop
          ct direction original fib daddr type local fib daddr . iif type != local goto foreign
        }
        chain foreign {
          iifname @isolated ip daddr @subnets4 goto deny
          iifname @isolated ip6 daddr @subnets6 goto deny
          ip daddr @isolated4 goto deny
          ip6 daddr @isolated6 goto deny
        }
        chain output {
          type filter hook output priority 0; policy accept;
          oifname @bridges icmp type redirect drop
          oifname @bridges icmpv6 type nd-redirect drop
        }
      }
      """
          .replace("DISCOVERY", DISCOVERY);

  private FirewallFrame() {}

  static String text(String table) {
    return TEXT.replace("TABLE", table);
  }
}
