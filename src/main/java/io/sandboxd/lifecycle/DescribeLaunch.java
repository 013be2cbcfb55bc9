package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroup;
import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.launch.LaunchRequest;
import io.sandboxd.launch.filter.Filters;
import io.sandboxd.sandbox.NamespaceSource;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxSpec.IdMappings;
import io.sandboxd.sandbox.SandboxSpec.Mount;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Adds to a spec what only a look at this host can tell, so that the planning need not look. */
public final class DescribeLaunch {
  private final Cgroups cgroups;
  private final OpenSources openSources;
  private final Filters filters;
  private final List<String> procControls =
      LaunchRequest.PROC_CONTROLS.stream()
          .filter(name -> Files.exists(Path.of("/proc", name)))
          .toList();

  public DescribeLaunch(Cgroups cgroups, OpenSources openSources, Filters filters) {
    this.cgroups = cgroups;
    this.openSources = openSources;
    this.filters = filters;
  }

  /** Refuses what this host does not have, before anything is made. */
  void check(SandboxSpec spec) {
    if (spec.root() != null && !Files.isDirectory(path("root.path", spec.root().path()))) {
      throw SandboxException.invalid(
          "root.path", spec.root().path() + " is not a directory of this host");
    }
    List<Mount> mounts = mounts(spec);
    for (int i = 0; i < mounts.size(); i++) {
      String source = mounts.get(i).source();
      if (source != null && !Files.exists(path("mounts[" + i + "].source", source))) {
        throw SandboxException.invalid(
            "mounts[" + i + "].source", source + " does not exist on this host");
      }
    }
    for (NamespaceType type : NamespaceType.values()) {
      if (spec.namespace(type) instanceof NamespaceSource.OfSandbox of) {
        openSources.joinable(of.sandbox(), type);
      }
    }
    checkFilter(spec.process());
  }

  private void checkFilter(ProcessSpec main) {
    try {
      filters.check(main == null ? null : main.seccomp());
    } catch (SandboxException e) {
      throw e.within("process");
    }
  }

  /** In a locale like C the JVM cannot name every file. */
  private static Path path(String field, String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw SandboxException.invalid(
          field, "cannot be named in the daemon's locale: start it with LC_ALL=C.UTF-8");
    }
  }

  LaunchRequest request(SandboxSpec spec, String name, Cgroup cgroup) {
    return new LaunchRequest(
        spec,
        spec.hostname() == null ? name : spec.hostname(),
        cgroup.procsFiles(),
        cgroups.mode().equals("unified"),
        fileSources(spec),
        procControls,
        privileged(spec));
  }

  private static Set<String> fileSources(SandboxSpec spec) {
    Set<String> files = new HashSet<>();
    for (Mount mount : mounts(spec)) {
      if (mount.source() != null && !Files.isDirectory(Path.of(mount.source()))) {
        files.add(mount.source());
      }
    }
    return files;
  }

  private static List<Mount> mounts(SandboxSpec spec) {
    return spec.mounts() == null ? List.of() : spec.mounts();
  }

  /**
   * Root in a user namespace has power over the namespaces that this one owns, and over no others.
   */
  private static Set<NamespaceType> privileged(SandboxSpec spec) {
    NamespaceSource user = spec.namespace(NamespaceType.USER);
    Set<NamespaceType> privileged = EnumSet.noneOf(NamespaceType.class);
    for (NamespaceType type : NamespaceType.values()) {
      NamespaceSource source = spec.namespace(type);
      if (user.isHost() || source.isNew() || (user.isJoined() && source.equals(user))) {
        privileged.add(type);
      }
    }
    return privileged;
  }

  /** Whoever shares a user namespace shares its ids; null for the host's. */
  IdMappings idMappingsOfJoined(SandboxSpec spec) {
    NamespaceSource user = spec.namespace(NamespaceType.USER);
    if (user instanceof NamespaceSource.OfSandbox of) {
      return openSources.joinable(of.sandbox(), NamespaceType.USER).status().idMappings();
    }
    return null;
  }
}
