package io.sandboxd.lifecycle;

import static io.sandboxd.sandbox.net.NetworkSpec.or;

import io.sandboxd.lifecycle.ExplainSandbox.ExplainedStep;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.net.InterfaceName;
import io.sandboxd.sandbox.net.NetworkSpec;
import io.sandboxd.sandbox.net.NetworkSpec.Attachment;
import io.sandboxd.sandbox.net.NetworkStatus;
import java.util.ArrayList;
import java.util.List;

/** What {@link ConnectSandbox} would do, in the words of ip(8) and nft(8). */
final class ExplainNetwork {
  private ExplainNetwork() {}

  /**
   * @param asked null: nothing
   * @throws SandboxException {@code invalid_spec} for a network that is not there for the caller
   */
  static List<ExplainedStep> steps(NetworkSpec asked, Networks networks, Caller caller) {
    List<ExplainedStep> steps = new ArrayList<>();
    if (asked == null) {
      return steps;
    }
    List<Attachment> attachments = or(asked.networks());
    for (int i = 0; i < attachments.size(); i++) {
      Attachment attachment = attachments.get(i);
      NetworkStatus network = networks.joinable(attachment, i, caller);
      InterfaceName device = attachment.deviceAt(i);
      String call = "ip link add %s type veth peer master %s".formatted(device, network.bridge());
      steps.add(step("join network", network.name(), call));
    }
    or(asked.ports())
        .forEach(
            port -> {
              String at = port.hostAddress() == null ? "" : port.hostAddress() + " ";
              String to = port.carrier().word() + " dport " + port.hostPort() + " dnat to :";
              steps.add(step("publish port", at + port.hostPort(), "nft " + to + port.inside()));
            });
    if (asked.egress() != null) {
      String count = asked.egress().list().size() + " rules, then " + asked.egress().fallback();
      steps.add(step("decide about egress", null, "nft add chain: " + count));
    }
    or(asked.links())
        .forEach(
            link ->
                steps.add(
                    step(
                        "link to " + link.peer().sandbox(),
                        link.device().text(),
                        "ip link add %s type veth peer %s"
                            .formatted(link.device(), link.peer().device()))));
    or(asked.routes())
        .forEach(
            route -> {
              String by =
                  route.gateway() == null ? "dev " + route.device() : "via " + route.gateway();
              String call = "ip route add " + route.destination() + " " + by;
              steps.add(step("add route", route.destination().toString(), call));
            });
    return steps;
  }

  private static ExplainedStep step(String name, String path, String call) {
    return new ExplainedStep("network", name, path, call);
  }
}
