package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.launch.LaunchRequest;
import io.sandboxd.launch.LaunchRequest.OwnFile;
import io.sandboxd.launch.filter.Filters;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.IdMapping;
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
  /** Nobody's on any host (Filesystem overflow id, and Debian's nogroup). */
  private static final Long NOGROUP = 65_534L;

  private final Cgroups cgroups;
  private final OpenSources openSources;
  private final Filters filters;
  private final HostPaths hostPaths = new HostPaths();

  public DescribeLaunch(Cgroups cgroups, OpenSources openSources, Filters filters) {
    this.cgroups = cgroups;
    this.openSources = openSources;
    this.filters = filters;
  }

  /** Refuses what this host does not have, before anything is made. */
  void check(SandboxSpec spec, Caller caller) {
    if (!caller.admin()) {
      checkPermitted(spec, caller);
    }
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
        openSources.joinable(of.sandbox(), type, caller);
      }
    }
    checkFilter(spec.process());
  }

  /** Before anything else looks at the paths: what is out of bounds is not even there. */
  private void checkPermitted(SandboxSpec spec, Caller caller) {
    if (spec.root() != null) {
      openSources.openPath("root.path", spec.root().path(), caller).close();
    }
    List<Mount> mounts = mounts(spec);
    for (int i = 0; i < mounts.size(); i++) {
      if (mounts.get(i).source() != null) {
        openSources.openPath("mounts[" + i + "].source", mounts.get(i).source(), caller).close();
      }
    }
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

  /**
   * @param cgroupEntrances by which its cgroup is entered; none if somebody is in it already
   * @param ids of the user namespace that it makes or joins; null if they are not known
   * @param ownFiles the daemon's, to be laid over those that are there
   */
  LaunchRequest request(
      SandboxSpec spec,
      String name,
      List<Path> cgroupEntrances,
      IdMappings ids,
      List<OwnFile> ownFiles) {
    return new LaunchRequest(
        spec,
        spec.hostname() == null ? name : spec.hostname(),
        cgroupEntrances,
        cgroups.mode().equals("unified"),
        cgroups.unifiedOptions(),
        fileSources(spec),
        hostPaths.readonly(spec.readonlyPaths()),
        hostPaths.masked(spec.maskedPaths()),
        ownFiles,
        spareGid(spec, ids),
        privileged(spec));
  }

  private static Long spareGid(SandboxSpec spec, IdMappings ids) {
    if (ids == null) {
      return spec.namespace(NamespaceType.USER).isHost() ? NOGROUP : null;
    }
    IdMapping last = ids.gidLines().get(ids.gidLines().size() - 1);
    long highest = last.containerID() + last.size() - 1;
    return highest == 0 ? null : highest;
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
  IdMappings idMappingsOfJoined(SandboxSpec spec, Caller caller) {
    NamespaceSource user = spec.namespace(NamespaceType.USER);
    if (user instanceof NamespaceSource.OfSandbox of) {
      return openSources.joinable(of.sandbox(), NamespaceType.USER, caller).status().idMappings();
    }
    return null;
  }
}
