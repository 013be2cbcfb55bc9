package io.sandboxd.lifecycle;

import io.sandboxd.launch.FdSource;
import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.NamespaceSource;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxState;
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

  public OpenSources(Syscalls syscalls, SandboxRegistry registry, Inits inits, Layers layers) {
    this.syscalls = syscalls;
    this.registry = registry;
    this.inits = inits;
    this.layers = layers;
  }

  /** All of them, or none: what was opened before a failure is closed. */
  List<Fd> open(Sandbox sandbox, List<FdSource> sources) {
    List<Fd> fds = new ArrayList<>(sources.size());
    try {
      for (FdSource source : sources) {
        fds.add(open(sandbox, source));
      }
      return fds;
    } catch (RuntimeException e) {
      fds.forEach(Fd::close);
      throw e;
    }
  }

  private Fd open(Sandbox sandbox, FdSource source) {
    if (source instanceof FdSource.CgroupProcs procs) {
      return syscalls.open(procs.path(), Syscalls.O_WRONLY, 0);
    } else if (source instanceof FdSource.Namespace namespace) {
      return namespace(namespace.type(), namespace.source());
    } else if (source instanceof FdSource.MountTree tree) {
      return mountTree(sandbox, tree);
    }
    boolean idmapped = ((FdSource.Layer) source).idmapped();
    try (Fd layer = layers.open(sandbox.id())) {
      return isolated(
          sandbox, syscalls.openTree(layer, false), "root.overlay", "the layer", false, idmapped);
    }
  }

  private Fd namespace(NamespaceType type, NamespaceSource source) {
    String field = "namespaces." + type.word();
    if (source instanceof NamespaceSource.OfSandbox of) {
      return inits.openProc(
          joinable(of.sandbox(), type), "ns/" + type.procName(), Syscalls.O_RDONLY);
    }
    String path = ((NamespaceSource.OfPath) source).path();
    // Looked at before it is opened: opening a device or a pipe can do things.
    try (Fd found = syscalls.open(path, Syscalls.O_PATH, 0)) {
      int actual = namespaceType(found);
      if (actual != type.cloneFlag()) {
        throw SandboxException.invalid(
            field + ".path", path + " is not a " + type.word() + " namespace");
      }
      return syscalls.open(found.procPath(), Syscalls.O_RDONLY, 0);
    } catch (ErrnoException e) {
      throw SandboxException.invalid(
          field + ".path", path + " cannot be opened: " + Errno.message(e.errno()));
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
  Sandbox joinable(String name, NamespaceType type) {
    String field = "namespaces." + type.word() + ".sandbox";
    Sandbox other =
        registry
            .find(name)
            .orElseThrow(
                () -> SandboxException.invalid(field, "there is no sandbox '" + name + "'"));
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

  private Fd mountTree(Sandbox sandbox, FdSource.MountTree tree) {
    Fd mount;
    try (Fd source = syscalls.open(tree.path(), Syscalls.O_PATH, 0)) {
      mount = syscalls.openTree(source, tree.recursive());
    } catch (ErrnoException e) {
      throw SandboxException.invalid(
          tree.field(), tree.path() + " cannot be opened: " + Errno.message(e.errno()));
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
