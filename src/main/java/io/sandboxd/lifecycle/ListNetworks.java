package io.sandboxd.lifecycle;

import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.net.InterfaceStatus;
import io.sandboxd.sandbox.net.NetworkStatus;
import io.sandboxd.sandbox.net.NetworkStatus.Member;
import java.util.ArrayList;
import java.util.List;

/** Networks with their members, as far as a caller may know of them. */
public final class ListNetworks {
  private final Networks networks;
  private final SandboxRegistry registry;

  public ListNetworks(Networks networks, SandboxRegistry registry) {
    this.networks = networks;
    this.registry = registry;
  }

  public List<NetworkStatus> all(Caller caller) {
    return networks.all().stream()
        .filter(network -> network.isVisibleTo(caller))
        .map(network -> network.with(members(network, caller)))
        .toList();
  }

  /**
   * @throws SandboxException {@code not_found}
   */
  public NetworkStatus require(String name, Caller caller) {
    NetworkStatus network =
        networks
            .find(name)
            .filter(found -> found.isVisibleTo(caller))
            .orElseThrow(() -> SandboxException.notFound("network", name));
    return network.with(members(network, caller));
  }

  private List<Member> members(NetworkStatus network, Caller caller) {
    List<Member> members = new ArrayList<>();
    for (Sandbox sandbox : registry.all(caller)) {
      for (InterfaceStatus member : ConnectSandbox.interfaces(sandbox.status())) {
        if (member.network().equals(network.name())) {
          members.add(new Member(sandbox.name(), sandbox.id(), member.plainAddresses()));
        }
      }
    }
    return members;
  }
}
