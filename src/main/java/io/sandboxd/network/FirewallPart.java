package io.sandboxd.network;

import io.sandboxd.network.SandboxRules.Member;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.Egress;
import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.PublishedPort;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * What the packet filter has of one network or of one sandbox.
 *
 * @param id of the sandbox; null: a network's
 * @param egress null: no chain
 */
record FirewallPart(Elements elements, String id, Egress egress) {
  private static final Pattern DEVICE = Pattern.compile("[A-Za-z0-9-]{1,15}");
  private static final Pattern MAC = Pattern.compile("[0-9a-f]{2}(?::[0-9a-f]{2}){5}");
  private static final Pattern ID = Pattern.compile("[0-9a-f]{16}");

  static final FirewallPart NOTHING = new FirewallPart(new Elements(), null, null);

  static FirewallPart of(BridgeRules bridge) {
    Elements elements = new Elements();
    String device = device(bridge.device());
    elements.add("inet bridges", device);
    elements.add("inet same", device + " . " + device);
    elements.add(bridge.internal() ? "inet internal" : "inet outward", device);
    if (bridge.isolated()) {
      elements.add("inet isolated", device);
    }
    for (Cidr subnet : bridge.subnets()) {
      String family = family(subnet.address());
      elements.add("inet subnets" + family, subnet.network().toString());
      if (bridge.isolated()) {
        elements.add("inet isolated" + family, subnet.network().toString());
      }
    }
    return new FirewallPart(elements, null, null);
  }

  /**
   * @param uplinks the hardware addresses of the bridges, for each of the members
   */
  static FirewallPart of(SandboxRules sandbox, List<String> uplinks) {
    require(ID, sandbox.id());
    Elements elements = new Elements();
    boolean watched = sandbox.egress() != null;
    for (int i = 0; i < sandbox.members().size(); i++) {
      addMember(elements, sandbox.members().get(i), uplinks.get(i));
      if (watched) {
        addWatched(elements, sandbox.members().get(i), EgressChain.name(sandbox.id()));
      }
    }
    if (!sandbox.members().isEmpty()) {
      List<IpAddress> targets = sandbox.members().get(0).addresses();
      sandbox.ports().forEach(port -> targets.forEach(to -> addPort(elements, port, to)));
    }
    return new FirewallPart(elements, sandbox.id(), sandbox.egress());
  }

  private static void addMember(Elements elements, Member member, String uplink) {
    String device = device(member.device());
    String mac = require(MAC, member.mac());
    elements.add("bridge members", device);
    elements.add("bridge ports", device + " . " + mac);
    elements.add("bridge uplinks", device, require(MAC, uplink));
    for (IpAddress address : member.addresses()) {
      elements.add("bridge members" + family(address), device + " . " + mac + " . " + address);
      if (!address.isV4()) {
        elements.add("bridge targets6", device + " . 0x" + address.number().toString(16));
      }
    }
  }

  private static void addWatched(Elements elements, Member member, String chain) {
    elements.add("bridge watched", device(member.device()));
    for (IpAddress address : member.addresses()) {
      elements.add("bridge watched" + family(address), address.toString());
      elements.add("inet egress" + family(address), address.toString(), "jump " + chain);
    }
  }

  private static void addPort(Elements elements, PublishedPort port, IpAddress to) {
    String key = port.carrier().word() + " . " + port.hostPort();
    String value = to + " . " + port.inside();
    if (port.hostAddress() == null) {
      elements.add("inet any" + family(to), key, value);
    } else if (port.hostAddress().isV4() == to.isV4()) {
      elements.add("inet at" + family(to), port.hostAddress() + " . " + key, value);
    }
  }

  /** The commands that make this of what was. */
  String since(FirewallPart former, String table) {
    StringBuilder commands = new StringBuilder();
    commands.append(former.elements.without(elements).deleted(table));
    if (former.egress != null && egress == null) {
      commands.append(EgressChain.deleted(table, former.id));
    } else if (!Objects.equals(former.egress, egress)) {
      commands.append(EgressChain.added(table, id, egress));
    }
    return commands.append(elements.without(former.elements).added(table)).toString();
  }

  private static String family(IpAddress address) {
    return address.isV4() ? "4" : "6";
  }

  private static String device(String name) {
    return '"' + require(DEVICE, name) + '"';
  }

  private static String require(Pattern form, String text) {
    if (!form.matcher(text).matches()) {
      throw new IllegalArgumentException(text + " is nothing for the packet filter");
    }
    return text;
  }
}
