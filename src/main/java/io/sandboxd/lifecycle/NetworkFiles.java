package io.sandboxd.lifecycle;

import io.sandboxd.launch.LaunchRequest.OwnFile;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.PlainFile;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.network.ResolvConf;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.registry.StateDirectory;
import io.sandboxd.sandbox.NamespaceSource;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxStatus;
import io.sandboxd.sandbox.net.InterfaceStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The files by which the programs in a sandbox find others by name: {@code /etc/hosts}, which all
 * members of its first network share, and {@code /etc/resolv.conf}.
 */
public final class NetworkFiles {
  private static final String HOSTS = "/etc/hosts";
  private static final String RESOLV_CONF = "/etc/resolv.conf";

  private final Syscalls syscalls;
  private final StateDirectory directory;
  private final SandboxRegistry registry;
  private final Networks networks;

  public NetworkFiles(
      Syscalls syscalls, StateDirectory directory, SandboxRegistry registry, Networks networks) {
    this.syscalls = syscalls;
    this.directory = directory;
    this.registry = registry;
    this.networks = networks;
  }

  /** Those to be laid over what is there; none for a sandbox without networks. */
  List<OwnFile> of(Sandbox sandbox) {
    SandboxSpec spec = sandbox.status().spec();
    SandboxStatus there = inNetworkOf(sandbox).status();
    List<InterfaceStatus> members = ConnectSandbox.interfaces(there);
    if (members.isEmpty() || !spec.namespace(NamespaceType.MOUNT).isNew()) {
      return List.of();
    }
    List<OwnFile> files = new ArrayList<>();
    Path hosts = networks.live(members.get(0).network()).hosts().path();
    add(files, spec, HOSTS, hosts);
    boolean outward = members.stream().anyMatch(m -> !networks.require(m.network()).internal());
    String text = ResolvConf.text(there.spec().network().dns(), outward);
    add(files, spec, RESOLV_CONF, write(sandbox, text));
    return files;
  }

  /** Who joins another's network finds there what the other finds. */
  private Sandbox inNetworkOf(Sandbox sandbox) {
    return sandbox.status().spec().namespace(NamespaceType.NETWORK)
            instanceof NamespaceSource.OfSandbox of
        ? registry.find(of.sandbox()).orElse(sandbox)
        : sandbox;
  }

  private Path write(Sandbox sandbox, String text) {
    Path file = directory.sandbox(sandbox.id()).resolve("resolv.conf");
    try {
      PlainFile.writeNew(file, text.getBytes(StandardCharsets.UTF_8));
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void add(List<OwnFile> files, SandboxSpec spec, String destination, Path source) {
    String place = spec.root() == null ? ofHost(destination) : inRoot(spec.root(), destination);
    if (place != null) {
      files.add(new OwnFile(place, source.toString()));
    }
  }

  /** On the host it may be a link to a place that the sandbox does not have yet. */
  private static String ofHost(String destination) {
    try {
      Path real = Path.of(destination).toRealPath();
      return Files.isRegularFile(real) ? real.toString() : null;
    } catch (IOException e) {
      return null;
    }
  }

  /** None is made in a directory that others may use too; in a layer it is the sandbox's own. */
  private String inRoot(SandboxSpec.Root root, String destination) {
    if (Boolean.TRUE.equals(root.overlay())) {
      return destination;
    }
    try (Fd directory = syscalls.open(root.path(), Syscalls.O_PATH, 0);
        Fd file =
            syscalls.openat2(directory, destination, Syscalls.O_PATH, Syscalls.RESOLVE_IN_ROOT)) {
      return syscalls.isRegularFile(file) ? destination : null;
    } catch (ErrnoException e) {
      return null;
    }
  }
}
