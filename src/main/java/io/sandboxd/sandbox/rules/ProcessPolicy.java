package io.sandboxd.sandbox.rules;

import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.Capability;
import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.Policy;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.Seccomp;
import java.util.List;
import java.util.Set;

/** What the {@link Policy} makes of a process of somebody who is no admin. */
final class ProcessPolicy {
  private final Policy policy;
  private final long mostRetention;

  ProcessPolicy(Policy policy, long mostRetention) {
    this.policy = policy;
    this.mostRetention = mostRetention;
  }

  /**
   * @throws SandboxException {@code not_permitted}
   */
  void check(ProcessSpec process, FieldPath at) {
    capabilities(process, at.field("capabilities"));
    if (process.oomScoreAdj() != null && process.oomScoreAdj() < 0) {
      throw Policy.Rule.ADMIN_GROUP.refuse(
          at.field("oomScoreAdj").text(), 0, "below 0 others would be killed for it");
    }
    // A filter of one's own may let everything through.
    if (process.seccomp() != null
        && !process.seccomp().equals(Seccomp.DEFAULT)
        && !policy.seccompUnconfined()) {
      throw Policy.Rule.POLICY_SECCOMP_UNCONFINED.refuse(
          at.field("seccomp").text(), false, "must be \"default\"; leave it out");
    }
    retention(process.outputRetention(), at);
  }

  private void capabilities(ProcessSpec process, FieldPath at) {
    List<String> names = process.capabilities() == null ? List.of() : process.capabilities();
    for (int i = 0; i < names.size(); i++) {
      if (!policy.capabilities().contains(Capability.find(names.get(i)).orElseThrow())) {
        throw Policy.Rule.POLICY_CAPABILITIES.refuse(
            at.index(i).text(), words(policy.capabilities()), "no process may have this one");
      }
    }
  }

  /** Output is kept in memory, which has no other limit while its writers are not in sight. */
  void retention(ByteSize asked, FieldPath at) {
    if (asked != null && asked.bytes() > mostRetention) {
      throw Policy.Rule.OUTPUT_RETENTION.refuse(
          at.field("outputRetention").text(),
          mostRetention,
          "can be at most " + mostRetention + " bytes");
    }
  }

  /** Whoever does not say which capabilities gets of the usual ones those that are allowed. */
  ProcessSpec bounded(ProcessSpec process) {
    if (process.capabilities() != null || policy.capabilities().containsAll(Capability.DEFAULT)) {
      return process;
    }
    return process.withCapabilities(
        words(
            Capability.DEFAULT.stream()
                .filter(policy.capabilities()::contains)
                .collect(java.util.stream.Collectors.toSet())));
  }

  private static List<String> words(Set<Capability> capabilities) {
    return capabilities.stream().sorted().map(Capability::word).toList();
  }
}
