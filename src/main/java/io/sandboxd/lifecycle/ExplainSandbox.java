package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroup;
import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.cgroup.DeviceRule;
import io.sandboxd.launch.FdSource;
import io.sandboxd.launch.LaunchPlanner;
import io.sandboxd.launch.LaunchRequest;
import io.sandboxd.launch.Plan;
import io.sandboxd.launch.ProcessPlanner;
import io.sandboxd.launch.Step;
import io.sandboxd.launch.shell.Commands;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.NamespaceSource;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxSpec.IdMappings;
import io.sandboxd.sandbox.rules.PolicyRules;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What a create and a start would do, with nothing done. */
public final class ExplainSandbox {
  /** Stands for what only a create chooses. */
  private static final String ID = "ID";

  /**
   * @param phase {@code cgroup}, {@code layer}, {@code enter} (from the host into the namespaces),
   *     {@code network}, {@code furnish} (inside, before any user code) or {@code process} (the
   *     main one, at start)
   * @param step the name by which a failed launch would tell of it
   * @param path what it acts on, or null
   * @param call what is done
   */
  public record ExplainedStep(String phase, String step, String path, String call) {}

  /**
   * @param idMappings of the sandbox's user namespace; null when it is the host's
   * @param commands the lines of a shell script that does about the same
   */
  public record Explanation(
      SandboxSpec spec,
      String cgroup,
      IdMappings idMappings,
      List<ExplainedStep> steps,
      List<String> commands) {}

  private final Syscalls syscalls;
  private final PolicyRules policy;
  private final Cgroups cgroups;
  private final Layers layers;
  private final IdRanges idRanges;
  private final Inits inits;
  private final OpenSources openSources;
  private final DescribeLaunch describe;
  private final DefaultLimits limits;
  private final SandboxDevices devices;
  private final ResolveProcess resolve;
  private final Networks networks;

  public ExplainSandbox(
      Syscalls syscalls,
      PolicyRules policy,
      Cgroups cgroups,
      Layers layers,
      IdRanges idRanges,
      Inits inits,
      OpenSources openSources,
      DescribeLaunch describe,
      DefaultLimits limits,
      SandboxDevices devices,
      ResolveProcess resolve,
      Networks networks) {
    this.syscalls = syscalls;
    this.policy = policy;
    this.cgroups = cgroups;
    this.layers = layers;
    this.idRanges = idRanges;
    this.inits = inits;
    this.openSources = openSources;
    this.describe = describe;
    this.limits = limits;
    this.devices = devices;
    this.resolve = resolve;
    this.networks = networks;
  }

  /**
   * @param asked validated
   * @throws SandboxException {@code invalid_spec} for what this host cannot do
   */
  public Explanation explain(SandboxSpec asked, Caller caller) {
    SandboxSpec spec = policy.admit(asked, caller);
    describe.check(spec, caller);
    String name = spec.name() == null ? "sandbox-" + ID : spec.name();
    Cgroup cgroup = cgroups.of(ID);
    IdMappings ids = idMappings(spec, caller);
    LaunchRequest request = describe.request(spec, name, cgroup.entrances(), ids, List.of());
    List<ExplainedStep> steps = new ArrayList<>();
    Commands commands = new Commands();
    for (Path procs : cgroup.entrances()) {
      String directory = procs.getParent().toString();
      steps.add(
          new ExplainedStep("cgroup", "make cgroup", directory, "mkdir(\"" + directory + "\")"));
      commands.makeDirectory(directory);
    }
    for (Cgroups.Write write : cgroups.plan(ID, limits.with(spec.resources()))) {
      String file = write.file().toString();
      String what = "set " + write.file().getFileName();
      steps.add(new ExplainedStep("cgroup", what, file, "write(\"" + write.text() + "\")"));
      commands.write(write.text(), file);
    }
    List<DeviceRule> allowed = devices.rules(spec);
    if (allowed != null) {
      String rules = allowed.stream().map(DeviceRule::text).collect(Collectors.joining(", "));
      String call = "allow(\"" + rules + "\")";
      steps.add(new ExplainedStep("cgroup", "allow devices", cgroup.path(), call));
    }
    String layer = layers.path(ID).toString();
    if (spec.root() != null && Boolean.TRUE.equals(spec.root().overlay())) {
      for (String part : List.of(layer + "/upper", layer + "/work")) {
        steps.add(new ExplainedStep("layer", "make layer", part, "mkdir(\"" + part + "\")"));
        commands.makeDirectory(part);
      }
    }
    Plan enter = LaunchPlanner.enter(request);
    Plan furnish = LaunchPlanner.furnish(request);
    List<Step> process = process(spec, name, caller);
    add(steps, "enter", enter.steps());
    List<ExplainedStep> network = ExplainNetwork.steps(spec.network(), networks, caller);
    if (!network.isEmpty()) {
      commands.note("The networks are the daemon's: what it does for them is in the steps alone.");
    }
    steps.addAll(network);
    add(steps, "furnish", furnish.steps());
    add(steps, "process", process == null ? List.of() : process);
    boolean own = spec.namespace(NamespaceType.USER).isNew();
    commands.run(
        enter, namespace -> fileOf(namespace, caller), own ? ids : null, furnish, layer, process);
    return new Explanation(spec, cgroup.path(), ids, steps, commands.lines());
  }

  private static void add(List<ExplainedStep> all, String phase, List<Step> steps) {
    steps.forEach(s -> all.add(new ExplainedStep(phase, s.name(), s.path(), s.toString())));
  }

  private IdMappings idMappings(SandboxSpec spec, Caller caller) {
    if (!spec.namespace(NamespaceType.USER).isNew()) {
      return describe.idMappingsOfJoined(spec, caller);
    }
    if (spec.idMappings() != null) {
      return spec.idMappings();
    }
    return idRanges.next();
  }

  private String fileOf(FdSource.Namespace namespace, Caller caller) {
    if (namespace.source() instanceof NamespaceSource.OfSandbox of) {
      Sandbox other = openSources.joinable(of.sandbox(), namespace.type(), caller);
      return "/proc/" + other.status().pid() + "/ns/" + namespace.type().procName();
    }
    return ((NamespaceSource.OfPath) namespace.source()).path();
  }

  /** Null without a main process. */
  private List<Step> process(SandboxSpec spec, String name, Caller caller) {
    if (spec.process() == null) {
      return null;
    }
    try (Fd root = root(spec, caller)) {
      return ProcessPlanner.steps(resolve.resolve(spec, name, root, spec.process()), List.of());
    }
  }

  /** Whose files say who a user is. Of a mount namespace that is joined by path the host's do. */
  private Fd root(SandboxSpec spec, Caller caller) {
    int flags = Syscalls.O_PATH | Syscalls.O_DIRECTORY;
    if (spec.namespace(NamespaceType.MOUNT) instanceof NamespaceSource.OfSandbox of) {
      return inits.openProc(
          openSources.joinable(of.sandbox(), NamespaceType.MOUNT, caller), "root", flags);
    }
    return spec.root() == null
        ? syscalls.open("/", flags, 0)
        : openSources.openPath("root.path", spec.root().path(), caller);
  }
}
