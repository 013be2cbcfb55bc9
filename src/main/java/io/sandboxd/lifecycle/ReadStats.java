package io.sandboxd.lifecycle;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.cgroup.Stats;
import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.network.Counters;
import io.sandboxd.network.Device;
import io.sandboxd.network.NetworkNamespace;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxStatus.NamespaceStatus;
import io.sandboxd.sandbox.net.InterfaceCounters;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a sandbox uses at this moment. */
public final class ReadStats {
  /** Of so many interfaces of a sandbox, the oldest, there are figures: it can make any number. */
  static final int MOST_INTERFACES = 64;

  private final SandboxRegistry registry;
  private final Cgroups cgroups;
  private final Inits inits;
  private final ConnectSandbox networks;
  private final Syscalls syscalls;

  public ReadStats(
      SandboxRegistry registry,
      Cgroups cgroups,
      Inits inits,
      ConnectSandbox networks,
      Syscalls syscalls) {
    this.registry = registry;
    this.cgroups = cgroups;
    this.inits = inits;
    this.networks = networks;
    this.syscalls = syscalls;
  }

  /**
   * @param cgroup what its control group counts
   * @param network its interfaces by name, the oldest first and without the loopback. Null: it is
   *     in the host's network, or has no living init to find its own by.
   * @param egress what each of its egress rules has decided about; null: it has none
   */
  public record Figures(
      @JsonUnwrapped Stats cgroup, Map<String, InterfaceCounters> network, Counters egress) {}

  /**
   * @throws SandboxException {@code not_found} when it was deleted
   */
  public Figures stats(Sandbox sandbox) {
    registry.requireThere(sandbox);
    return new Figures(
        cgroups.of(sandbox.id()).figures().stats(),
        network(sandbox),
        networks.egress(sandbox.status()));
  }

  private Map<String, InterfaceCounters> network(Sandbox sandbox) {
    if (isInHostNetwork(sandbox)) {
      return null;
    }
    List<Device> devices;
    try (Fd namespace = inits.openProc(sandbox, "ns/net", Syscalls.O_RDONLY);
        NetworkNamespace network = new NetworkNamespace(syscalls, namespace)) {
      devices = network.devices();
    } catch (SandboxException e) {
      return null; // no init
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT) {
        return null; // one that has just ended
      }
      throw e;
    }
    Map<String, InterfaceCounters> found = new LinkedHashMap<>();
    devices.stream()
        .filter(device -> !device.isLoopback())
        .sorted(Comparator.comparingInt(Device::index))
        .limit(MOST_INTERFACES)
        .forEach(device -> found.put(device.name(), device.counters()));
    return found;
  }

  /** By what it is, as it may have been joined by any path. */
  private static boolean isInHostNetwork(Sandbox sandbox) {
    Map<NamespaceType, NamespaceStatus> namespaces = sandbox.status().namespaces();
    return namespaces == null
        || namespaces.get(NamespaceType.NETWORK).inode()
            == NamespacesOfProcess.inode("/proc/self", NamespaceType.NETWORK);
  }
}
