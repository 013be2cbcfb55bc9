package io.sandboxd.cgroup;

/** CPU time used, where only cgroup v1 counts it (admin-guide/cgroup-v1/cpuacct; nanoseconds). */
record LegacyAccounting(GroupDirectory group) {
  void collect(StatsDraft stats) {
    stats.cpuUsageUsec = microseconds("cpuacct.usage");
    stats.cpuUserUsec = microseconds("cpuacct.usage_user");
    stats.cpuSystemUsec = microseconds("cpuacct.usage_sys");
  }

  private Long microseconds(String file) {
    Long nanoseconds = group.number(file);
    return nanoseconds == null ? null : nanoseconds / 1000;
  }
}
