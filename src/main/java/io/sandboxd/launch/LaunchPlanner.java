package io.sandboxd.launch;

import io.sandboxd.launch.rules.Devices;
import io.sandboxd.launch.rules.EnterNamespaces;
import io.sandboxd.launch.rules.KernelMounts;
import io.sandboxd.launch.rules.NamespaceSettings;
import io.sandboxd.launch.rules.NetworkFiles;
import io.sandboxd.launch.rules.RootFilesystem;
import io.sandboxd.launch.rules.Rule;
import io.sandboxd.launch.rules.UserMounts;
import io.sandboxd.sandbox.SandboxException;
import java.util.List;

/**
 * From a spec to the system calls that make it true. Pure: equal requests give equal plans.
 *
 * <p>Two plans, since between them the daemon must write the maps of a new user namespace, and
 * needs that namespace to map the ids of mounts.
 */
public final class LaunchPlanner {
  private static final List<Rule> ENTER =
      List.of(
          EnterNamespaces::forgetOomProtection,
          EnterNamespaces::joinCgroup,
          EnterNamespaces::newTime,
          EnterNamespaces::join,
          EnterNamespaces::makeNew);

  private static final List<Rule> FURNISH =
      List.of(
          RootFilesystem::becomeRoot,
          NamespaceSettings::keyring,
          NamespaceSettings::savedGroup,
          NamespaceSettings::names,
          NamespaceSettings::loopback,
          NamespaceSettings::sysctls,
          RootFilesystem::stopPropagation,
          RootFilesystem::hostView,
          RootFilesystem::ownRoot,
          KernelMounts::proc,
          KernelMounts::sys,
          Devices::dev,
          KernelMounts::privateDirectories,
          NetworkFiles::all,
          UserMounts::all,
          RootFilesystem::readonlyRoot,
          RootFilesystem::switchRoot);

  private LaunchPlanner() {}

  /** From the host into the namespaces. */
  public static Plan enter(LaunchRequest request) {
    return plan(ENTER, request);
  }

  /** What root inside does there before any user code runs. */
  public static Plan furnish(LaunchRequest request) {
    return plan(FURNISH, request);
  }

  private static Plan plan(List<Rule> rules, LaunchRequest request) {
    Plan.Builder plan = new Plan.Builder();
    try {
      rules.forEach(rule -> rule.apply(request, plan));
    } catch (Plan.TooManyDescriptors e) {
      throw SandboxException.invalid("mounts", "too many; a sandbox can have about 40 of its own");
    }
    return plan.build();
  }
}
