package io.sandboxd.lifecycle;

import io.sandboxd.network.AddressPool;
import io.sandboxd.network.BridgeRules;
import io.sandboxd.network.HostsFile;
import io.sandboxd.registry.Records;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.NetworkSpec.Attachment;
import io.sandboxd.sandbox.net.NetworkStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/** The daemon's networks: what they are, and which of their addresses are whose. */
public final class Networks {
  private static final Logger LOG = Logger.getLogger(Networks.class);

  /** What of a network is not on file. */
  record Live(List<AddressPool> pools, HostsFile hosts) {
    AddressPool poolOf(IpAddress address) {
      return pools.stream()
          .filter(pool -> pool.subnet().contains(address))
          .findFirst()
          .orElse(null);
    }

    boolean isInUse() {
      return pools.stream().anyMatch(AddressPool::isInUse);
    }
  }

  /** Where a spec names them. */
  static final FieldPath WANTED = FieldPath.ROOT.field("network").field("networks");

  private final Records<NetworkStatus> records;
  private final Map<String, Live> live = new ConcurrentHashMap<>();

  public Networks(Records<NetworkStatus> records) {
    this.records = records;
  }

  /** Whether there are some whose members and bridges nobody knows. */
  boolean someAreUnknown() {
    return records.hasUnreadable();
  }

  /** Whether there has ever been one, so that something may be left of it. */
  boolean haveBeenUsed() {
    return records.isInUse();
  }

  public List<NetworkStatus> all() {
    return records.all();
  }

  public Optional<NetworkStatus> find(String name) {
    return records.find(name);
  }

  /**
   * @throws SandboxException {@code not_found}
   */
  public NetworkStatus require(String name) {
    return find(name).orElseThrow(() -> SandboxException.notFound("network", name));
  }

  /**
   * That which a sandbox is to be in.
   *
   * @param index of it in the spec
   * @throws SandboxException {@code invalid_spec} if there is none for the caller
   */
  NetworkStatus joinable(Attachment wanted, int index, Caller caller) {
    return find(wanted.name())
        .filter(found -> found.isVisibleTo(caller))
        .orElseThrow(
            () ->
                SandboxException.invalid(
                    WANTED.index(index).field("name").text(),
                    "there is no network '" + wanted.name() + "'"));
  }

  /** What is not on file of one that is there. */
  Live live(String name) {
    return live.get(name);
  }

  /**
   * @throws SandboxException {@code name_in_use}
   */
  void add(NetworkStatus network) {
    records.add(network);
    begin(network);
  }

  private void begin(NetworkStatus network) {
    List<AddressPool> pools = new ArrayList<>();
    for (Cidr subnet : network.subnets()) {
      pools.add(new AddressPool(subnet, network.gatewayFor(subnet.address()).orElseThrow()));
    }
    HostsFile hosts = new HostsFile(records.directory().resolve(network.name() + ".hosts"));
    live.put(network.name(), new Live(pools, hosts));
  }

  /** Those of a former daemon. */
  List<NetworkStatus> restore() {
    for (NetworkStatus network : records.restore()) {
      try {
        begin(network);
      } catch (RuntimeException e) {
        LOG.errorf("The network '%s' cannot be had: %s", network.name(), e.getMessage());
        records.disown(network);
      }
    }
    return all();
  }

  void remove(NetworkStatus network) {
    Live gone = live.get(network.name());
    try {
      Files.deleteIfExists(gone.hosts().path());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    records.remove(network);
    live.remove(network.name());
  }

  static BridgeRules rules(NetworkStatus network) {
    return new BridgeRules(
        network.bridge(), network.mac(), network.subnets(), network.isolated(), network.internal());
  }
}
