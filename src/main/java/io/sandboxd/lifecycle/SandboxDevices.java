package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.DeviceRule;
import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxSpec.Device;
import java.util.ArrayList;
import java.util.List;

/** Which devices a sandbox may use. */
public final class SandboxDevices {
  private static final String ALL = "rwm";

  /**
   * Those of the OCI runtime-spec (config-linux, "Default Devices"), and making any node: to make
   * one is not to open it.
   */
  private static final List<DeviceRule> USUAL =
      List.of(
          new DeviceRule(false, null, null, "m"),
          new DeviceRule(true, null, null, "m"),
          new DeviceRule(false, 1, 3, ALL), // null
          new DeviceRule(false, 1, 5, ALL), // zero
          new DeviceRule(false, 1, 7, ALL), // full
          new DeviceRule(false, 1, 8, ALL), // random
          new DeviceRule(false, 1, 9, ALL), // urandom
          new DeviceRule(false, 5, 0, ALL), // tty
          new DeviceRule(false, 5, 1, ALL), // console
          new DeviceRule(false, 5, 2, ALL), // ptmx
          new DeviceRule(false, 136, null, ALL)); // pts

  private final Syscalls syscalls;

  public SandboxDevices(Syscalls syscalls) {
    this.syscalls = syscalls;
  }

  /**
   * Null for no limit: who sees the host's own {@code /dev} and has said nothing of devices wants
   * it as it is.
   *
   * @throws SandboxException {@code invalid_spec} for what is no device of this host
   */
  List<DeviceRule> rules(SandboxSpec spec) {
    if (spec.devices() == null && spec.namespace(NamespaceType.MOUNT).isHost()) {
      return null;
    }
    List<DeviceRule> rules = new ArrayList<>(USUAL);
    List<Device> chosen = spec.devices() == null ? List.of() : spec.devices();
    for (int i = 0; i < chosen.size(); i++) {
      rules.add(rule("devices[" + i + "]", chosen.get(i)));
    }
    return rules;
  }

  private DeviceRule rule(String field, Device device) {
    Syscalls.FileState state;
    try {
      state = syscalls.state(device.hostPath());
    } catch (ErrnoException e) {
      throw SandboxException.invalid(
          field, device.hostPath() + " cannot be had: " + Errno.message(e.errno()));
    }
    boolean block = state.kind() == Syscalls.FileKind.BLOCK_DEVICE;
    if (!block && state.kind() != Syscalls.FileKind.CHARACTER_DEVICE) {
      throw SandboxException.invalid(
          field, device.hostPath() + " is no device node of this host, or a link to one");
    }
    return new DeviceRule(block, state.device().major(), state.device().minor(), device.allowed());
  }
}
