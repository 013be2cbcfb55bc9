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
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

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

  /** What a blank lacks. */
  private static final List<Rule> CLAIM = List.of(EnterNamespaces::makeLate);

  private LaunchPlanner() {}

  /** From the host into the namespaces. */
  public static Plan enter(LaunchRequest request) {
    return plan(ENTER, request);
  }

  /** What root inside does there before any user code runs. */
  public static Plan furnish(LaunchRequest request) {
    return plan(FURNISH, request);
  }

  /**
   * {@link #enter} for a blank, of which no more is known than its kind.
   *
   * @param cgroupEntrances as in a {@link LaunchRequest}
   */
  public static Plan enterBlank(BlankKind kind, List<Path> cgroupEntrances) {
    return enter(
        new LaunchRequest(
            kind.spec(),
            null,
            cgroupEntrances,
            false,
            List.of(),
            Set.of(),
            List.of(),
            List.of(),
            List.of(),
            null,
            Set.of()));
  }

  /**
   * {@link #furnish} for what was a blank: it becomes this sandbox.
   *
   * @param name of the sandbox
   */
  public static Plan furnishBlank(LaunchRequest request, String name) {
    Rule take = (same, plan) -> plan.step("take the name", null, Op.NAME, name);
    return plan(Stream.of(List.of(take), CLAIM, FURNISH).flatMap(List::stream).toList(), request);
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
