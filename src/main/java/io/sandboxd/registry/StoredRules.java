package io.sandboxd.registry;

import io.sandboxd.sandbox.ExitStatus;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxStatus;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.InterfaceStatus;
import io.sandboxd.sandbox.net.LinkStatus;
import io.sandboxd.sandbox.net.NetworkStatus;
import java.util.List;
import java.util.Objects;

/**
 * What must be so in the daemon's own files for the rest of it to go by them. The files are well
 * guarded; but one that was damaged, or put there by somebody else, shall cost one sandbox and
 * nothing beyond.
 */
public final class StoredRules {
  private static final String MAC = "[0-9a-f]{2}(:[0-9a-f]{2}){5}";

  private StoredRules() {}

  /**
   * @param id by which it lies there
   * @throws IllegalStateException that says what is wrong
   */
  static void check(SandboxStatus status, String id) {
    require(id.equals(status.id()), "it is that of another id");
    require(status.name() != null && status.name().matches(SandboxSpec.NAME), "its name is none");
    present("state", status.state());
    present("labels", status.labels());
    present("createdAt", status.createdAt());
    present("resources", status.resources());
    present("spec", status.spec());
    require(
        (status.pid() == null) == (status.initStartTicks() == null),
        "pid and initStartTicks are not both there");
    require(status.pid() == null || status.pid() > 1, "pid is no init's");
    check(status.exit());
    if (status.interfaces() != null) {
      status.interfaces().forEach(StoredRules::check);
    }
  }

  private static void check(InterfaceStatus member) {
    present("interfaces", member);
    present("interfaces.interface", member.device());
    present("interfaces.network", member.network());
    present("interfaces.hostInterface", member.hostDevice());
    addresses("interfaces", member.mac(), member.addresses());
  }

  /**
   * @throws IllegalStateException that says what is wrong
   */
  public static void check(NetworkStatus network) {
    present("owner", network.owner());
    present("createdAt", network.createdAt());
    present("bridge", network.bridge());
    present("gateways", network.gateways());
    addresses("the network", network.mac(), network.subnets());
    require(!network.subnets().isEmpty(), "it has no subnets");
    for (Cidr subnet : network.subnets()) {
      require(
          network.gatewayFor(subnet.address()).filter(subnet::contains).isPresent(),
          subnet + " has no gateway");
    }
    require(network.gateways().size() == network.subnets().size(), "it has too many gateways");
  }

  /**
   * @throws IllegalStateException that says what is wrong
   */
  public static void check(LinkStatus link) {
    present("owner", link.owner());
    present("createdAt", link.createdAt());
    present("ends", link.ends());
    require(link.ends().size() == 2, "it has not two ends");
    for (LinkStatus.End end : link.ends()) {
      present("ends", end);
      present("ends.sandboxId", end.sandboxId());
      present("ends.interface", end.device());
      addresses("ends", end.mac(), end.addresses());
    }
  }

  private static void addresses(String of, String mac, List<Cidr> addresses) {
    require(mac != null && mac.matches(MAC), of + ": its mac is none");
    present(of + ": its addresses", addresses);
    addresses.forEach(address -> present(of + ": an address", address));
  }

  /**
   * @param seq by which it lies there
   * @throws IllegalStateException that says what is wrong
   */
  static void check(ProcessStatus status, int seq) {
    require(status.seq() == seq, "it is that of another number");
    require(status.id() != null && status.id().matches(SandboxSpec.NAME), "its id is none");
    present("args", status.args());
    present("state", status.state());
    present("startedAt", status.startedAt());
    present("terms", status.terms());
    if (status.state() == ProcessStatus.State.EXITED) {
      present("exitedAt", status.exitedAt());
      present("exit", status.exit());
      check(status.exit());
    }
  }

  private static void check(ExitStatus exit) {
    if (exit != null) {
      present("exit.reason", exit.reason());
    }
  }

  private static void present(String field, Object value) {
    require(Objects.nonNull(value), field + " is not there");
  }

  private static void require(boolean so, String otherwise) {
    if (!so) {
      throw new IllegalStateException("The stored state cannot be true: " + otherwise + ".");
    }
  }
}
