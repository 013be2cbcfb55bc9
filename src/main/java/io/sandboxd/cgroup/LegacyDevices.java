package io.sandboxd.cgroup;

import java.util.List;

/** The controller of cgroup v1 (kernel: admin-guide/cgroup-v1/devices). */
record LegacyDevices(Hierarchy hierarchy) implements DeviceGuard {
  @Override
  public String name() {
    return "devices";
  }

  @Override
  public void allowOnly(GroupDirectory group, List<DeviceRule> rules) {
    group.write("devices.deny", "a");
    rules.forEach(rule -> group.write("devices.allow", rule.text()));
  }

  @Override
  public List<String> allowed(GroupDirectory group, List<DeviceRule> wanted) {
    return group.read("devices.list").lines().toList();
  }
}
