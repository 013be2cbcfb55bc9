package io.sandboxd.network;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sandboxd.linux.Nftables;
import io.sandboxd.linux.NftablesException;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Which packets pass between sandboxes, the host and the world: two tables of nft(8), of the
 * families {@code inet} and {@code bridge}. Those of others are neither touched nor overruled: what
 * one of them drops stays dropped.
 *
 * <ul>
 *   <li>A sandbox sends with its own addresses only, and speaks for no router and no DHCP server.
 *   <li>Published ports of the host lead to it, from outside, from its neighbours, from itself
 *       (unless br_netfilter is on), and from the host. From the host's {@code 127.0.0.1} too, if
 *       {@code route_localnet} is set for the bridge; not from {@code ::1}, which the kernel never
 *       routes.
 *   <li>What leaves the host has the host's address; what comes from outside reaches a sandbox by a
 *       published port or as an answer.
 *   <li>Nothing is forwarded between a bridge and an isolated other one, nor to or from an internal
 *       one, except, if it is isolated, by a published port.
 *   <li>Egress rules are about single hosts: neighbours, for which packets make a detour through
 *       the host's IP, the host itself (where a published port leads, after it was followed), and
 *       the world. A sandbox with such rules sends nothing to groups and to all, and speaks with
 *       link-local addresses of IPv6 only to find its neighbours. What is denied is refused: TCP
 *       with a reset, all else with an ICMP error as often as the kernel sends such.
 * </ul>
 *
 * <p>Each method is one transaction: there is no moment with half of it. Should somebody else have
 * emptied the tables, the next change makes them again. Safe for use by many threads.
 */
public final class Firewall {
  private static final Pattern TABLE = Pattern.compile("[a-z][a-z0-9-]{0,30}");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Nftables nftables;
  private final String table;

  /** The hardware addresses of bridges, by their devices. */
  private final Map<String, String> bridges = new HashMap<>();

  /** What is in the tables: by the device of a network, by the id of a sandbox. */
  private Map<String, FirewallPart> parts = new LinkedHashMap<>();

  /**
   * Touches nothing yet.
   *
   * @param table the name of both tables
   */
  public Firewall(Nftables nftables, String table) {
    if (!TABLE.matcher(table).matches()) {
      throw new IllegalArgumentException(table + " is no name for a table");
    }
    this.nftables = nftables;
    this.table = table;
  }

  /**
   * Makes the tables anew, whatever was in them. Open connections stay.
   *
   * @throws NftablesException if it cannot; then all is as before
   */
  public synchronized void reset(
      Collection<BridgeRules> networks, Collection<SandboxRules> sandboxes) {
    Map<String, String> former = new HashMap<>(bridges);
    bridges.clear();
    networks.forEach(bridge -> bridges.put(bridge.device(), bridge.mac()));
    try {
      Map<String, FirewallPart> all = new LinkedHashMap<>();
      networks.forEach(bridge -> all.put(key(bridge), FirewallPart.of(bridge)));
      sandboxes.forEach(sandbox -> all.put(sandbox.id(), part(sandbox)));
      nftables.run(anew(all));
      parts = all;
    } catch (RuntimeException e) {
      bridges.clear();
      bridges.putAll(former);
      throw e;
    }
  }

  /** Before its first member; in place of an earlier one of the same device. */
  public synchronized void add(BridgeRules bridge) {
    place(key(bridge), FirewallPart.of(bridge));
    bridges.put(bridge.device(), bridge.mac());
  }

  /** After its last member. Harmless when absent. */
  public synchronized void remove(BridgeRules bridge) {
    place(key(bridge), FirewallPart.NOTHING);
    bridges.remove(bridge.device());
  }

  /**
   * Before its interfaces are up; in place of earlier rules of the same sandbox.
   *
   * @throws IllegalArgumentException if one of its bridges is not there
   * @throws IllegalStateException if another one has an address or a port of its own
   * @throws NftablesException if nothing was changed
   */
  public synchronized void add(SandboxRules sandbox) {
    place(sandbox.id(), part(sandbox));
  }

  /** After its interfaces are gone. Harmless when absent. */
  public synchronized void remove(SandboxRules sandbox) {
    place(sandbox.id(), FirewallPart.NOTHING);
  }

  /**
   * While it runs. The counters restart if its egress rules are others; those of the connections
   * that are open already decide from now on.
   *
   * @throws IllegalArgumentException if these are two sandboxes
   */
  public synchronized void change(SandboxRules former, SandboxRules now) {
    if (!former.id().equals(now.id())) {
      throw new IllegalArgumentException(former.id() + " does not become " + now.id());
    }
    add(now);
  }

  /**
   * What its egress rules have decided.
   *
   * @return null if it has none
   */
  public synchronized Counters counters(String sandboxId) {
    FirewallPart part = parts.get(sandboxId);
    if (part == null || part.egress() == null) {
      return null;
    }
    String command = "list chain inet " + table + " " + EgressChain.name(sandboxId);
    try {
      return Counters.read(nftables.runJson(command));
    } catch (NftablesException e) {
      nftables.run(anew(parts));
      return Counters.read(nftables.runJson(command));
    }
  }

  /** Deletes the tables. Harmless when absent. */
  public synchronized void clear() {
    nftables.run(without());
    parts.clear();
    bridges.clear();
  }

  /** Whether there is a table of that name. */
  public boolean exists() {
    try {
      for (JsonNode object : JSON.readTree(nftables.runJson("list tables")).path("nftables")) {
        if (table.equals(object.path("table").path("name").asText())) {
          return true;
        }
      }
      return false;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("nftables lists what is not JSON", e);
    }
  }

  private static String key(BridgeRules bridge) {
    return "bridge " + bridge.device();
  }

  private FirewallPart part(SandboxRules sandbox) {
    List<String> uplinks =
        sandbox.members().stream().map(member -> uplink(member.bridge())).toList();
    return FirewallPart.of(sandbox, uplinks);
  }

  private String uplink(String bridge) {
    String mac = bridges.get(bridge);
    if (mac == null) {
      throw new IllegalArgumentException("There are no rules of a network with bridge " + bridge);
    }
    return mac;
  }

  private void place(String key, FirewallPart part) {
    FirewallPart former = parts.getOrDefault(key, FirewallPart.NOTHING);
    if (former.equals(part)) {
      return;
    }
    Map<String, FirewallPart> now = new LinkedHashMap<>(parts);
    if (part.equals(FirewallPart.NOTHING)) {
      now.remove(key);
    } else {
      now.put(key, part);
    }
    try {
      nftables.run(part.since(former, table));
    } catch (NftablesException e) {
      // Either this cannot be, or the tables are not as we left them.
      try {
        nftables.run(anew(now));
      } catch (RuntimeException again) {
        again.addSuppressed(e);
        throw again;
      }
    }
    parts = now;
  }

  private String anew(Map<String, FirewallPart> all) {
    StringBuilder commands = new StringBuilder(without()).append(FirewallFrame.text(table));
    Elements elements = new Elements();
    all.values()
        .forEach(
            part -> {
              if (part.egress() != null) {
                commands.append(EgressChain.added(table, part.id(), part.egress()));
              }
              elements.addAll(part.elements());
            });
    return commands.append(elements.added(table)).toString();
  }

  /** A table can be deleted for certain only if it was added: there is no "if exists". */
  private String without() {
    StringBuilder commands = new StringBuilder();
    for (String family : List.of("bridge", "inet")) {
      commands.append(
          "add table %s %s\ndelete table %s %s\n".formatted(family, table, family, table));
    }
    return commands.toString();
  }
}
