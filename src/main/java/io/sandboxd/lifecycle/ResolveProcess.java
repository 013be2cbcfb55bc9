package io.sandboxd.lifecycle;

import io.sandboxd.launch.ProcessPlanner;
import io.sandboxd.launch.filter.Filters;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.process.UserLookup;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.sandbox.Capability;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.ProcessSpec.Rlimit;
import io.sandboxd.sandbox.RlimitName;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.Seccomp;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Fills in what a process spec leaves open: defaults, and names that only the sandbox's own files
 * know.
 */
public final class ResolveProcess {
  private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  private static final int DEFAULT_UMASK = 022;

  private final Syscalls syscalls;
  private final Inits inits;
  private final Filters filters;

  public ResolveProcess(Syscalls syscalls, Inits inits, Filters filters) {
    this.syscalls = syscalls;
    this.inits = inits;
    this.filters = filters;
  }

  /** Does once what the first process would else have to wait for. */
  public void prepare() {
    for (boolean host : List.of(false, true)) {
      filters.of(Seccomp.DEFAULT, defaultCapabilities(host));
    }
  }

  /**
   * A process that runs beside main is like it in all that it does not say itself, as users of
   * docker exec expect; above all it has no more rights.
   */
  static ProcessSpec beside(ProcessSpec main, ProcessSpec exec) {
    if (main == null) {
      return exec;
    }
    Map<String, String> env = new LinkedHashMap<>();
    env.putAll(main.env() == null ? Map.of() : main.env());
    env.putAll(exec.env() == null ? Map.of() : exec.env());
    return new ProcessSpec(
        exec.args(),
        env,
        or(exec.cwd(), main.cwd()),
        or(exec.user(), main.user()),
        exec.tty(),
        exec.consoleSize(),
        exec.stdin(),
        exec.output(),
        exec.outputRetention(),
        or(exec.capabilities(), main.capabilities()),
        or(exec.noNewPrivileges(), main.noNewPrivileges()),
        or(exec.rlimits(), main.rlimits()),
        or(exec.umask(), main.umask()),
        or(exec.oomScoreAdj(), main.oomScoreAdj()),
        exec.resources(),
        exec.timeout(),
        or(exec.seccomp(), main.seccomp()));
  }

  private static <T> T or(T own, T inherited) {
    return own != null ? own : inherited;
  }

  ProcessPlanner.Process resolve(Sandbox sandbox, ProcessSpec spec) {
    try (Fd root = inits.openProc(sandbox, "root", Syscalls.O_PATH | Syscalls.O_DIRECTORY)) {
      return resolve(sandbox.status().spec(), sandbox.name(), root, spec);
    }
  }

  /**
   * @param name of the sandbox
   * @param root directory of the sandbox
   */
  ProcessPlanner.Process resolve(SandboxSpec sandbox, String name, Fd root, ProcessSpec spec) {
    UserLookup.Identity who = new UserLookup(syscalls, root).find(spec.user());
    Map<String, String> env = new LinkedHashMap<>();
    env.put("PATH", PATH);
    env.put("HOME", who.home() != null ? who.home() : who.uid() == 0 ? "/root" : "/");
    if (spec.hasTerminal()) {
      env.put("TERM", "xterm");
    }
    if (sandbox.namespace(NamespaceType.UTS).isNew()) {
      env.put("HOSTNAME", or(sandbox.hostname(), name));
    }
    env.putAll(spec.env() == null ? Map.of() : spec.env());
    long capabilities = capabilities(sandbox, spec.capabilities());
    return new ProcessPlanner.Process(
        spec.args(),
        env,
        or(spec.cwd(), "/"),
        who.uid(),
        who.gid(),
        who.additionalGids(),
        capabilities,
        spec.capabilities() != null,
        !Boolean.FALSE.equals(spec.noNewPrivileges()),
        rlimits(spec.rlimits()),
        or(spec.umask(), DEFAULT_UMASK),
        spec.oomScoreAdj(),
        filters.of(spec.seccomp(), capabilities),
        spec.hasTerminal());
  }

  /** The audit log is the host's: in another user namespace a capability opens nothing there. */
  private static long defaultCapabilities(boolean hostUsers) {
    long mask = Capability.maskOf(Capability.DEFAULT);
    return hostUsers ? mask : mask & ~Capability.AUDIT_WRITE.mask();
  }

  private static long capabilities(SandboxSpec sandbox, List<String> names) {
    if (names == null) {
      return defaultCapabilities(sandbox.namespace(NamespaceType.USER).isHost());
    }
    return Capability.maskOf(
        names.stream()
            .map(
                name ->
                    Capability.find(name)
                        .orElseThrow(
                            () ->
                                SandboxException.invalid(
                                    "capabilities", "there is no '" + name + "'")))
            .toList());
  }

  private static Map<Integer, Rlimit> rlimits(Map<String, Rlimit> asked) {
    Map<Integer, Rlimit> limits = new HashMap<>();
    if (asked != null) {
      asked.forEach(
          (name, limit) ->
              limits.put(
                  RlimitName.find(name)
                      .orElseThrow(
                          () -> SandboxException.invalid("rlimits", "there is no '" + name + "'"))
                      .number(),
                  limit));
    }
    return limits;
  }
}
