package io.sandboxd.lifecycle;

import io.sandboxd.launch.FdSource;
import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.NamespaceSource;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.Policy.Tree;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.rules.PolicyRules;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;

/**
 * Opens the descriptors that a plan asks for, with the daemon's privileges and in the host's
 * namespaces.
 */
public final class OpenSources {
  private final Syscalls syscalls;
  private final SandboxRegistry registry;
  private final Inits inits;
  private final Layers layers;
  private final PolicyRules policy;

  public OpenSources(
      Syscalls syscalls, SandboxRegistry registry, Inits inits, Layers layers, PolicyRules policy) {
    this.syscalls = syscalls;
    this.registry = registry;
    this.inits = inits;
    this.layers = layers;
    this.policy = policy;
  }

  /**
   * What a path of the host leads to, as this caller may have it. What is named is one thing, what
   * is opened another: whoever is no admin could change a link between the look and the use, so on
   * the way from a permitted directory none is followed.
   *
   * @param field where the path is in the request
   * @return good for no more than a look, a mount or a namespace's file (O_PATH)
   * @throws SandboxException {@code invalid_spec}, {@code not_permitted}
   */
  Fd openPath(String field, String path, Caller caller) {
    try {
      return caller.admin()
          ? syscalls.open(path, Syscalls.O_PATH, 0)
          : openBelow(policy.requireTree(field, path), field, path);
    } catch (ErrnoException e) {
      throw unopenable(field, path, e);
    }
  }

  private static SandboxException unopenable(String field, String path, ErrnoException e) {
    return SandboxException.invalid(field, path + " cannot be opened: " + Errno.message(e.errno()));
  }

  private Fd openBelow(Tree tree, String field, String path) {
    String below = tree.below(path);
    if (below.isEmpty()) {
      return syscalls.open(tree.path(), Syscalls.O_PATH, 0);
    }
    int resolve =
        Syscalls.RESOLVE_BENEATH | Syscalls.RESOLVE_NO_SYMLINKS | Syscalls.RESOLVE_NO_MAGICLINKS;
    try (Fd directory = syscalls.open(tree.path(), Syscalls.O_PATH, 0)) {
      return syscalls.openat2(directory, below, Syscalls.O_PATH, resolve);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ELOOP || e.errno() == Errno.EXDEV) {
        throw policy.refusePath(field, "leads through a link or out of the permitted directory");
      }
      throw e;
    }
  }

  /** All of them, or none: what was opened before a failure is closed. */
  List<Fd> open(Sandbox sandbox, List<FdSource> sources, Caller caller) {
    List<Fd> fds = new ArrayList<>(sources.size());
    try {
      for (FdSource source : sources) {
        fds.add(open(sandbox, source, caller));
      }
      return fds;
    } catch (RuntimeException e) {
      fds.forEach(Fd::close);
      throw e;
    }
  }

  private Fd open(Sandbox sandbox, FdSource source, Caller caller) {
    if (source instanceof FdSource.CgroupEntrance entrance) {
      return syscalls.open(entrance.path(), Syscalls.O_WRONLY, 0);
    } else if (source instanceof FdSource.CgroupDirectory directory) {
      return syscalls.open(directory.path(), Syscalls.O_RDONLY | Syscalls.O_DIRECTORY, 0);
    } else if (source instanceof FdSource.Namespace namespace) {
      return namespace(namespace.type(), namespace.source(), caller);
    } else if (source instanceof FdSource.MountTree tree) {
      return mountTree(sandbox, tree, caller);
    } else if (source instanceof FdSource.OwnFile own) {
      try (Fd file = syscalls.open(own.path(), Syscalls.O_PATH | Syscalls.O_NOFOLLOW, 0)) {
        return isolated(
            sandbox, syscalls.openTree(file, false), "network", own.path(), false, false);
      }
    }
    boolean idmapped = ((FdSource.Layer) source).idmapped();
    try (Fd layer = layers.open(sandbox.id())) {
      return isolated(
          sandbox, syscalls.openTree(layer, false), "root.overlay", "the layer", false, idmapped);
    }
  }

  private Fd namespace(NamespaceType type, NamespaceSource source, Caller caller) {
    String field = "namespaces." + type.word();
    if (source instanceof NamespaceSource.OfSandbox of) {
      return inits.openProc(
          joinable(of.sandbox(), type, caller), "ns/" + type.procName(), Syscalls.O_RDONLY);
    }
    String path = ((NamespaceSource.OfPath) source).path();
    // Looked at before it is opened: opening a device or a pipe can do things.
    try (Fd found = openPath(field + ".path", path, caller)) {
      int actual = namespaceType(found);
      if (actual != type.cloneFlag()) {
        throw SandboxException.invalid(
            field + ".path", path + " is not a " + type.word() + " namespace");
      }
      return syscalls.open(found.procPath(), Syscalls.O_RDONLY, 0);
    } catch (ErrnoException e) {
      throw unopenable(field + ".path", path, e);
    }
  }

  private int namespaceType(Fd found) {
    if (!syscalls.isRegularFile(found)) {
      return 0;
    }
    try (Fd file = syscalls.open(found.procPath(), Syscalls.O_RDONLY | Syscalls.O_NONBLOCK, 0)) {
      return syscalls.namespaceType(file);
    } catch (ErrnoException e) {
      return 0;
    }
  }

  /** The sandbox whose namespace is to be joined. */
  Sandbox joinable(String name, NamespaceType type, Caller caller) {
    String field = "namespaces." + type.word() + ".sandbox";
    Sandbox other =
        registry
            .find(name, caller)
            .orElseThrow(
                () -> SandboxException.invalid(field, "there is no sandbox '" + name + "'"));
    policy.requireRights(other.status().spec(), caller);
    EnumSet<SandboxState> fit =
        EnumSet.of(
            SandboxState.CREATED, SandboxState.RUNNING, SandboxState.PAUSED, SandboxState.STOPPED);
    if (type == NamespaceType.PID) {
      fit.remove(SandboxState.STOPPED);
    }
    if (!fit.contains(other.state())) {
      throw SandboxException.invalid(
          field,
          "the sandbox '"
              + name
              + "' is "
              + other.state().word()
              + ", its "
              + type.word()
              + " namespace can be joined only while it is one of "
              + fit.stream().map(SandboxState::word).toList());
    }
    return other;
  }

  private Fd mountTree(Sandbox sandbox, FdSource.MountTree tree, Caller caller) {
    Fd mount;
    try (Fd source = openPath(tree.field(), tree.path(), caller)) {
      mount = syscalls.openTree(source, tree.recursive());
    } catch (ErrnoException e) {
      throw SandboxException.invalid(
          tree.field(), tree.path() + " cannot be mounted: " + Errno.message(e.errno()));
    }
    return isolated(sandbox, mount, tree.field(), tree.path(), tree.recursive(), tree.idmapped());
  }

  private Fd isolated(
      Sandbox sandbox, Fd mount, String field, String path, boolean recursive, boolean idmapped) {
    try (Fd user = idmapped ? inits.openProc(sandbox, "ns/user", Syscalls.O_RDONLY) : null) {
      syscalls.isolateMount(mount, user, recursive);
      return mount;
    } catch (ErrnoException e) {
      mount.close();
      throw new SandboxException(
              ErrorCode.LAUNCH_FAILED,
              "The ids of "
                  + path
                  + " cannot be mapped ("
                  + Errno.message(e.errno())
                  + "): its file system has no idmapped mounts, or it is idmapped already. Use another one,"
                  + " \"noidmap\" for a bind mount, or \"user\": \"host\".")
          .with("step", "map ids of mount")
          .with("field", field)
          .with("syscall", e.syscall())
          .with("path", path)
          .with("errno", e.errno())
          .with("errnoName", e.errnoName());
    } catch (RuntimeException e) {
      mount.close();
      throw e;
    }
  }
}
