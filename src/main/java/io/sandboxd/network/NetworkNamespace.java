package io.sandboxd.network;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Netlink;
import io.sandboxd.linux.NetlinkMessage;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.IpAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * The interfaces, addresses and routes of one network namespace, by rtnetlink(7). For one thread at
 * a time. What the kernel refuses is an {@link ErrnoException}.
 */
public final class NetworkNamespace implements AutoCloseable {
  private final Netlink netlink;

  /**
   * @param namespace null: the daemon's own
   */
  public NetworkNamespace(Syscalls syscalls, Fd namespace) {
    this.netlink = new Netlink(syscalls, namespace);
  }

  /** By name; null if there is none. */
  public Device find(String name) {
    try {
      return get(name);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENODEV) {
        return null;
      }
      throw e;
    }
  }

  /** By name. */
  Device get(String name) {
    return LinkMessages.read(netlink.get(LinkMessages.get(name), name));
  }

  /** By name. */
  public int index(String name) {
    return get(name).index();
  }

  /** All there are, the loopback too. */
  public List<Device> devices() {
    List<Device> found = new ArrayList<>();
    netlink.dump(LinkMessages.all(), answer -> found.add(LinkMessages.read(answer)));
    return found;
  }

  /** The networks to which there are routes, of both families; the default routes left out. */
  public List<Cidr> destinations() {
    List<Cidr> found = new ArrayList<>();
    netlink.dump(
        AddressMessages.routes(),
        answer -> {
          Cidr destination = AddressMessages.readDestination(answer);
          if (destination != null) {
            found.add(destination);
          }
        });
    return found;
  }

  /** What the other kinds of messages ask for. */
  void execute(NetlinkMessage message, String what) {
    netlink.execute(message, what);
  }

  void createVeth(VethEnd one, VethEnd other) {
    netlink.execute(LinkMessages.veth(one, other), one.name());
  }

  void createBridge(String name, String mac, int mtu, String alias) {
    netlink.execute(LinkMessages.bridge(name, mac, mtu), name);
    netlink.execute(LinkMessages.alias(index(name), alias), name);
  }

  /** It gets no address, so that who is behind it talks to the bridge alone. */
  void bePort(String name, int bridge, String alias) {
    int index = index(name);
    beSilent(index);
    netlink.execute(LinkMessages.port(index, bridge, alias), name);
  }

  /** Keeps an interface from speaking IPv6 by itself when it is switched on. */
  private void beSilent(int index) {
    try {
      netlink.execute(LinkMessages.withoutLinkLocal(index), "addr_gen_mode");
    } catch (ErrnoException e) {
      // It cannot: the kernel does not, or its packets are shorter than the least of IPv6 (RFC
      // 8200, 5).
      if (e.errno() != Errno.EAFNOSUPPORT) {
        throw e;
      }
    }
  }

  /**
   * As {@link #configure}; without addresses of IPv6 it does not speak that at all. On a bridge all
   * others would have to hear it, and with hundreds of them the kernel drops packets that matter.
   */
  int configureMember(String name, List<Cidr> addresses) {
    int index = index(name);
    if (addresses.stream().allMatch(address -> address.address().isV4())) {
      beSilent(index);
    }
    configure(index, name, addresses);
    return index;
  }

  /** Switches an interface on that has these addresses. */
  int configure(String name, List<Cidr> addresses) {
    int index = index(name);
    configure(index, name, addresses);
    return index;
  }

  private void configure(int index, String name, List<Cidr> addresses) {
    for (Cidr address : addresses) {
      netlink.execute(AddressMessages.address(index, address), name + " " + address);
    }
    netlink.execute(LinkMessages.up(index), name);
  }

  /**
   * @param gateway null: behind the interface itself
   * @param index of the interface; 0: that through which the gateway is reached
   */
  void addRoute(Cidr destination, IpAddress gateway, int index) {
    netlink.execute(AddressMessages.route(destination, gateway, index), destination.toString());
  }

  /** With the other end, if it is one of two; harmless when there is none. */
  public void delete(String name) {
    Device device = find(name);
    if (device == null) {
      return;
    }
    try {
      netlink.execute(LinkMessages.delete(device.index()), name);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENODEV) { // it went by itself meanwhile
        throw e;
      }
    }
  }

  @Override
  public void close() {
    netlink.close();
  }
}
