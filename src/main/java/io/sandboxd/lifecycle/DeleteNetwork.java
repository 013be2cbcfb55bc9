package io.sandboxd.lifecycle;

import io.sandboxd.linux.ErrnoException;
import io.sandboxd.network.Firewall;
import io.sandboxd.network.HostNetwork;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.net.NetworkStatus;

/** Removes a network that has no members. */
public final class DeleteNetwork {
  private final Networks networks;
  private final HostNetwork host;
  private final Firewall firewall;

  public DeleteNetwork(Networks networks, HostNetwork host, Firewall firewall) {
    this.networks = networks;
    this.host = host;
    this.firewall = firewall;
  }

  /**
   * @throws SandboxException {@code not_found}; {@code wrong_state} while there are sandboxes in it
   */
  public void delete(String name) {
    synchronized (networks) {
      NetworkStatus network = networks.require(name);
      if (networks.live(name).isInUse()) {
        throw SandboxException.wrongState(
            "There are sandboxes in the network '" + name + "': delete them first.");
      }
      try {
        firewall.remove(Networks.rules(network));
        host.delete(network.bridge());
      } catch (ErrnoException e) {
        throw NetworkRefusal.of("remove the network's bridge", e);
      }
      networks.remove(network);
      if (networks.all().isEmpty()) {
        firewall.clear();
      }
    }
  }
}
