package io.sandboxd.lifecycle;

import io.sandboxd.linux.ErrnoException;
import io.sandboxd.network.DeviceNames;
import io.sandboxd.network.Firewall;
import io.sandboxd.network.HostNetwork;
import io.sandboxd.network.MacAddress;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.StoredForm;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.Mtu;
import io.sandboxd.sandbox.net.NetworkRequest;
import io.sandboxd.sandbox.net.NetworkSpec;
import io.sandboxd.sandbox.net.NetworkStatus;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Makes a network: a bridge, with the host's addresses in it, and the rules for it. */
public final class CreateNetwork {
  /** Of the pool, each; enough for 253 sandboxes. */
  private static final int POOLED_PREFIX = 24;

  private final Networks networks;
  private final DeviceNames names;
  private final HostNetwork host;
  private final Firewall firewall;
  private final Cidr pool;

  /**
   * @param pool of which networks are that say no subnet; IPv4
   */
  public CreateNetwork(
      Networks networks, DeviceNames names, HostNetwork host, Firewall firewall, Cidr pool) {
    this.networks = networks;
    this.names = names;
    this.host = host;
    this.firewall = firewall;
    this.pool = pool;
  }

  /**
   * @param request validated
   * @throws SandboxException {@code name_in_use}; {@code address_in_use} for a subnet that overlaps
   *     with another, or with what the host has a route to; {@code launch_failed}, with nothing
   *     left
   */
  public NetworkStatus create(NetworkRequest request, Caller caller) {
    synchronized (networks) {
      NetworkStatus network = status(request, caller);
      boolean first = networks.all().isEmpty();
      networks.add(network);
      try {
        host.createBridge(network);
        if (first) { // whatever tables a former daemon may have left
          firewall.reset(List.of(Networks.rules(network)), List.of());
        } else {
          firewall.add(Networks.rules(network));
        }
        return network;
      } catch (RuntimeException e) {
        undo(network, e);
        throw e instanceof ErrnoException refused
            ? NetworkRefusal.of("make the network's bridge", refused)
            : e;
      }
    }
  }

  private void undo(NetworkStatus network, RuntimeException reason) {
    try {
      host.delete(network.bridge());
      networks.remove(network);
    } catch (RuntimeException e) {
      reason.addSuppressed(e);
    }
  }

  private NetworkStatus status(NetworkRequest request, Caller caller) {
    String bridge = names.bridge();
    List<Cidr> taken = new ArrayList<>(host.destinations());
    networks.all().forEach(other -> taken.addAll(other.subnets()));
    List<Cidr> subnets = request.subnets();
    if (subnets == null) {
      subnets = List.of(nextFree(taken));
    } else {
      subnets.forEach(subnet -> requireFree(subnet, taken));
    }
    List<IpAddress> gateways = new ArrayList<>();
    subnets.forEach(subnet -> gateways.add(gateway(subnet, NetworkSpec.or(request.gateways()))));
    return new NetworkStatus(
        StoredForm.VERSION,
        request.name() == null
            ? "network-" + bridge.substring(bridge.length() - 8)
            : request.name(),
        caller.owner(),
        Instant.now(),
        bridge,
        MacAddress.random(),
        subnets,
        gateways,
        Boolean.TRUE.equals(request.internal()),
        !Boolean.FALSE.equals(request.isolated()),
        Boolean.TRUE.equals(request.shared()),
        request.mtu() == null ? Mtu.DEFAULT : request.mtu(),
        null);
  }

  private static IpAddress gateway(Cidr subnet, List<IpAddress> chosen) {
    return chosen.stream()
        .filter(subnet::contains)
        .findFirst()
        .orElseGet(() -> subnet.at(BigInteger.ONE));
  }

  private static void requireFree(Cidr subnet, List<Cidr> taken) {
    for (Cidr other : taken) {
      if (other.overlaps(subnet)) {
        throw new SandboxException(
                ErrorCode.ADDRESS_IN_USE,
                "subnets: "
                    + subnet
                    + " overlaps with "
                    + other
                    + ", which the host or another network has already: choose another one.")
            .with("field", "subnets");
      }
    }
  }

  private Cidr nextFree(List<Cidr> taken) {
    long count = 1L << (POOLED_PREFIX - pool.prefix());
    BigInteger size = BigInteger.ONE.shiftLeft(pool.address().bits() - POOLED_PREFIX);
    for (long i = 0; i < count; i++) {
      Cidr candidate = new Cidr(pool.at(size.multiply(BigInteger.valueOf(i))), POOLED_PREFIX);
      if (taken.stream().noneMatch(candidate::overlaps)) {
        return candidate;
      }
    }
    throw new SandboxException(
            ErrorCode.LIMIT_EXCEEDED,
            "All networks of " + pool + " are in use: say subnets, or widen the pool.")
        .with("setting", "sandboxd.network-pool");
  }
}
