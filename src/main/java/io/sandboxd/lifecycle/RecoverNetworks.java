package io.sandboxd.lifecycle;

import io.sandboxd.network.BridgeRules;
import io.sandboxd.network.Firewall;
import io.sandboxd.network.HostNetwork;
import io.sandboxd.network.SandboxRules;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.sandbox.net.NetworkStatus;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * Takes in the networks of a former daemon. Sandboxes that live have been connected all the while;
 * what is not in the kernel is who has which address, and whether all of the rules are there.
 */
public final class RecoverNetworks {
  private static final Logger LOG = Logger.getLogger(RecoverNetworks.class);

  private final Networks networks;
  private final Links links;
  private final ConnectSandbox connect;
  private final HostNetwork host;
  private final Firewall firewall;

  public RecoverNetworks(
      Networks networks, Links links, ConnectSandbox connect, HostNetwork host, Firewall firewall) {
    this.networks = networks;
    this.links = links;
    this.connect = connect;
    this.host = host;
    this.firewall = firewall;
  }

  /**
   * @param found all sandboxes, of which those that were cut off in the middle are put away later
   */
  void recover(List<Sandbox> found) {
    if (networks.haveBeenUsed()) {
      for (NetworkStatus network : networks.restore()) {
        try {
          host.createBridge(network);
        } catch (RuntimeException e) {
          LOG.errorf("The bridge of the network %s: %s", network.name(), e.getMessage());
        }
      }
      found.forEach(this::restore);
      if (networks.all().isEmpty()) {
        clearRules();
      } else {
        restoreRules(found);
      }
    }
    links.restore();
  }

  private void restore(Sandbox sandbox) {
    try {
      connect.restore(sandbox);
    } catch (RuntimeException e) {
      LOG.errorf("The networks of sandbox %s: %s", sandbox.name(), e.getMessage());
    }
  }

  private void clearRules() {
    try {
      firewall.clear();
    } catch (RuntimeException e) {
      LOG.errorf("The rules of former networks cannot be taken away: %s", e.getMessage());
    }
  }

  private void restoreRules(List<Sandbox> found) {
    List<BridgeRules> bridges = networks.all().stream().map(Networks::rules).toList();
    List<SandboxRules> sandboxes =
        found.stream()
            .filter(sandbox -> !ConnectSandbox.interfaces(sandbox.status()).isEmpty())
            .map(sandbox -> connect.rules(sandbox.status()))
            .toList();
    try {
      firewall.reset(bridges, sandboxes);
    } catch (RuntimeException e) {
      LOG.errorf("The rules of the networks cannot be restored at once: %s", e.getMessage());
      restoreEach(bridges, sandboxes);
    }
  }

  /** One sandbox's file that cannot be true is no reason to leave the others without rules. */
  private void restoreEach(List<BridgeRules> bridges, List<SandboxRules> sandboxes) {
    try {
      firewall.reset(bridges, List.of());
    } catch (RuntimeException e) {
      LOG.errorf("The rules of the networks cannot be restored: %s", e.getMessage());
      return;
    }
    for (SandboxRules sandbox : sandboxes) {
      try {
        firewall.add(sandbox);
      } catch (RuntimeException e) {
        LOG.errorf("The rules of sandbox %s cannot be restored: %s", sandbox.id(), e.getMessage());
      }
    }
  }
}
