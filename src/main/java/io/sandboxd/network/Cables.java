package io.sandboxd.network;

import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.LinkStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Interfaces that are in sandboxes alone, and routes there. What the kernel refuses is an {@link
 * ErrnoException}.
 */
public final class Cables {
  private final Syscalls syscalls;

  public Cables(Syscalls syscalls) {
    this.syscalls = syscalls;
  }

  /**
   * Makes a link, whole or not at all.
   *
   * @param namespaces in the order of its ends
   * @return the link as it is now
   */
  public LinkStatus create(LinkStatus link, List<Fd> namespaces) {
    List<LinkStatus.End> made = new ArrayList<>();
    try (NetworkNamespace own = new NetworkNamespace(syscalls, null)) {
      own.createVeth(end(link, 0, namespaces), end(link, 1, namespaces));
    }
    try {
      for (int i = 0; i < namespaces.size(); i++) {
        LinkStatus.End end = link.ends().get(i);
        try (NetworkNamespace there = new NetworkNamespace(syscalls, namespaces.get(i))) {
          made.add(end.withIndex(there.configure(end.device().text(), end.addresses())));
          if (link.conditions() != null) {
            Shaping.simulate(there, end.device().text(), link.conditions());
          }
        }
      }
    } catch (RuntimeException e) {
      delete(link.ends().get(0), namespaces.get(0));
      throw e;
    }
    return link.with(made);
  }

  private static VethEnd end(LinkStatus link, int index, List<Fd> namespaces) {
    LinkStatus.End end = link.ends().get(index);
    return new VethEnd(namespaces.get(index), end.device().text(), end.mac(), link.mtu());
  }

  /**
   * With the other end.
   *
   * @return false when it is not there
   */
  public boolean delete(LinkStatus.End end, Fd namespace) {
    try (NetworkNamespace there = new NetworkNamespace(syscalls, namespace)) {
      Optional<Device> device =
          there.devices().stream().filter(found -> isOf(end, found)).findFirst();
      device.ifPresent(found -> there.delete(found.name()));
      return device.isPresent();
    }
  }

  private static boolean isOf(LinkStatus.End end, Device device) {
    return end.index() == null
        ? end.mac().equals(device.mac()) && end.device().text().equals(device.name())
        : end.index() == device.index();
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
