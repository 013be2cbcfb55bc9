package io.sandboxd.network;

import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.LinkStatus;
import java.util.List;

/**
 * Interfaces that are in sandboxes alone, and routes there. What the kernel refuses is an {@link
 * ErrnoException}.
 */
public final class Cables {
  private final Syscalls syscalls;

  public Cables(Syscalls syscalls) {
    this.syscalls = syscalls;
  }

  /** Makes a link, whole or not at all; the namespaces are in the order of its ends. */
  public void create(LinkStatus link, List<Fd> namespaces) {
    try (NetworkNamespace own = new NetworkNamespace(syscalls, null)) {
      own.createVeth(end(link, 0, namespaces), end(link, 1, namespaces));
    }
    try {
      for (int i = 0; i < namespaces.size(); i++) {
        LinkStatus.End end = link.ends().get(i);
        try (NetworkNamespace there = new NetworkNamespace(syscalls, namespaces.get(i))) {
          there.configure(end.device().text(), end.addresses());
          if (link.conditions() != null) {
            Shaping.simulate(there, end.device().text(), link.conditions());
          }
        }
      }
    } catch (RuntimeException e) {
      delete(link.ends().get(0), namespaces.get(0));
      throw e;
    }
  }

  private static VethEnd end(LinkStatus link, int index, List<Fd> namespaces) {
    LinkStatus.End end = link.ends().get(index);
    return new VethEnd(namespaces.get(index), end.device().text(), end.mac(), link.mtu());
  }

  /** With the other end; harmless when it is gone, or another interface has its name now. */
  public void delete(LinkStatus.End end, Fd namespace) {
    try (NetworkNamespace there = new NetworkNamespace(syscalls, namespace)) {
      Device device = there.find(end.device().text());
      if (device != null && end.mac().equals(device.mac())) {
        there.delete(device.name());
      }
    }
  }

  /**
   * @param gateway null: behind the interface itself
   * @param device null: that through which the gateway is reached
   */
  public void addRoute(Fd namespace, Cidr destination, IpAddress gateway, String device) {
    try (NetworkNamespace there = new NetworkNamespace(syscalls, namespace)) {
      there.addRoute(destination, gateway, device == null ? 0 : there.index(device));
    }
  }
}
