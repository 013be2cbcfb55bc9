package io.sandboxd.network;

import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.Egress;
import io.sandboxd.sandbox.net.Egress.Action;
import io.sandboxd.sandbox.net.Egress.Rule;
import io.sandboxd.sandbox.net.Protocol;
import java.util.ArrayList;
import java.util.List;

/**
 * The rules of one sandbox, each with a counter and its place among them as its comment. They are
 * asked about each packet in the direction in which a connection was made: so a rule that comes
 * later is about the open ones too, and answers to others always pass.
 */
final class EgressChain {
  /** The comment of what no rule is about. */
  static final String OTHERWISE = "default";

  private EgressChain() {}

  static String name(String id) {
    return "egress-" + id;
  }

  static String added(String table, String id, Egress egress) {
    String chain = "inet " + table + " " + name(id);
    List<String> commands = new ArrayList<>();
    commands.add("add chain " + chain);
    commands.add("flush chain " + chain);
    String rule = "add rule " + chain + " ";
    commands.add(rule + "ct direction reply return");
    commands.add(rule + "ct state related return");
    for (int i = 0; i < egress.list().size(); i++) {
      Rule each = egress.list().get(i);
      commands.add(rule + condition(each) + verdict(each.action(), Integer.toString(i)));
    }
    commands.add(rule + verdict(egress.fallback(), OTHERWISE));
    return String.join("\n", commands) + "\n";
  }

  static String deleted(String table, String id) {
    return "delete chain inet " + table + " " + name(id) + "\n";
  }

  /** What is allowed goes on to the rules of the networks. */
  private static String verdict(Action action, String comment) {
    String does = action == Action.ALLOW ? "return" : "goto deny";
    return "counter " + does + " comment \"" + comment + "\"";
  }

  private static String condition(Rule rule) {
    StringBuilder text = new StringBuilder();
    if (rule.to() != null) {
      text.append(to(rule.to().network()));
    }
    String protocol = protocol(rule.protocol());
    if (rule.ports() != null) {
      protocol = rule.protocol() == null ? "{ tcp, udp }" : protocol;
      text.append("meta l4proto ").append(protocol).append(" th dport ").append(rule.ports());
      return text.append(' ').toString();
    }
    if (protocol != null) {
      text.append("meta l4proto ").append(protocol).append(' ');
    }
    return text.toString();
  }

  private static String to(Cidr network) {
    boolean v4 = network.address().isV4();
    if (network.prefix() == 0) {
      return "meta nfproto " + (v4 ? "ipv4 " : "ipv6 ");
    }
    return (v4 ? "ip daddr " : "ip6 daddr ") + network + " ";
  }

  private static String protocol(Protocol protocol) {
    if (protocol == null) {
      return null;
    }
    return protocol == Protocol.ICMP ? "{ icmp, ipv6-icmp }" : protocol.word();
  }
}
