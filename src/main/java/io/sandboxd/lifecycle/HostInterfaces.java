package io.sandboxd.lifecycle;

import io.sandboxd.linux.ErrnoException;
import io.sandboxd.network.DeviceNames;
import io.sandboxd.network.HostNetwork;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.net.InterfaceStatus;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jboss.logging.Logger;

/** Interfaces of the host that this daemon has made, by their names. */
public final class HostInterfaces {
  private static final Logger LOG = Logger.getLogger(HostInterfaces.class);

  private final SandboxRegistry registry;
  private final Networks networks;
  private final DeviceNames names;
  private final HostNetwork host;

  public HostInterfaces(
      SandboxRegistry registry, Networks networks, DeviceNames names, HostNetwork host) {
    this.registry = registry;
    this.networks = networks;
    this.names = names;
    this.host = host;
  }

  /** Those that belong to no sandbox and to no network. */
  List<String> ofNobody() {
    if (!networks.haveBeenUsed() || networks.someAreUnknown()) {
      return List.of();
    }
    List<String> ours = host.devices().stream().filter(names::isOurs).toList();
    Set<String> known = new HashSet<>();
    networks.all().forEach(network -> known.add(network.bridge()));
    registry
        .all()
        .forEach(
            sandbox -> {
              for (InterfaceStatus member : ConnectSandbox.interfaces(sandbox.status())) {
                known.add(member.hostDevice());
                known.add(DeviceNames.mirror(member.hostDevice()));
              }
            });
    return ours.stream().filter(name -> !known.contains(name)).toList();
  }

  void tryDelete(String name) {
    try {
      host.delete(name);
    } catch (ErrnoException e) {
      LOG.warnf("The interface %s cannot be taken away: %s", name, e.getMessage());
    }
  }
}
