package io.sandboxd.launch.rules;

import io.sandboxd.launch.LaunchRequest;
import io.sandboxd.launch.Op;
import io.sandboxd.launch.Plan;
import io.sandboxd.sandbox.NamespaceType;
import java.util.Map;
import java.util.TreeMap;

/** What new namespaces are filled with besides mounts. */
public final class NamespaceSettings {
  private NamespaceSettings() {}

  /**
   * Whoever has a keyring of the daemon's could use its keys, in whatever user namespace
   * (keyrings(7), session-keyring(7)).
   */
  public static void keyring(LaunchRequest request, Plan.Builder plan) {
    plan.step("new session keyring", null, Op.KEYRING);
  }

  /**
   * Who has all the ids of a process may set its limits, without any capability (prlimit(2)), and
   * init without descriptors is deaf. What init starts has all ids set anew.
   */
  public static void savedGroup(LaunchRequest request, Plan.Builder plan) {
    if (request.spareGid() != null) {
      plan.step("keep limits to itself", null, Op.SAVED_GID, request.spareGid());
    }
  }

  public static void names(LaunchRequest request, Plan.Builder plan) {
    if (request.isNew(NamespaceType.UTS)) {
      plan.step("set hostname", null, Op.HOSTNAME, request.hostname());
      if (request.spec().domainname() != null) {
        plan.step("set domainname", null, Op.DOMAINNAME, request.spec().domainname());
      }
    }
  }

  public static void loopback(LaunchRequest request, Plan.Builder plan) {
    if (request.isNew(NamespaceType.NETWORK)) {
      plan.step("bring lo up", null, Op.LINK_UP, "lo");
    }
  }

  /**
   * While the host's /proc is still in sight: its files under sys speak of the namespaces of
   * whoever writes, and the sandbox's own will be read-only. In a fixed order, so that equal specs
   * give equal plans.
   */
  public static void sysctls(LaunchRequest request, Plan.Builder plan) {
    Map<String, String> sysctls = request.spec().sysctls();
    if (sysctls != null) {
      new TreeMap<>(sysctls)
          .forEach(
              (name, value) -> {
                String file = "/proc/sys/" + name.replace('.', '/');
                plan.step("set sysctl " + name, file, Op.WRITE_FILE, file, value);
              });
    }
  }
}
