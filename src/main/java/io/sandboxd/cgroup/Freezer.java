package io.sandboxd.cgroup;

import java.nio.file.Path;
import java.time.Duration;

/** Stops all processes of a group where they are, and those of the groups below. */
interface Freezer {
  /** Returns whether all stood still within the limit; if not they may still come to. */
  boolean freeze(Duration limit);

  void thaw();

  /**
   * Whether the group is to stand still. What counts is what it was told: a process killed in it,
   * or one that just came in, is on the move for a moment.
   */
  boolean isFrozen();

  /** cgroup v2 (cgroup.freeze, kernel 5.2 on). */
  record Unified(GroupDirectory group) implements Freezer {
    static final String FILE = "cgroup.freeze";

    @Override
    public boolean freeze(Duration limit) {
      group.write(FILE, "1");
      Path events = group.file(UnifiedGroup.EVENTS);
      return group.files().await(this::isStill, events, limit);
    }

    private boolean isStill() {
      return group.flatKeyed(UnifiedGroup.EVENTS).getOrDefault("frozen", 0L) == 1;
    }

    @Override
    public void thaw() {
      group.writeIfThere(FILE, "0");
    }

    @Override
    public boolean isFrozen() {
      return Long.valueOf(1).equals(group.number(FILE));
    }
  }

  /** cgroup v1 (admin-guide/cgroup-v1/freezer-subsystem). */
  record Legacy(GroupDirectory group) implements Freezer {
    private static final String FILE = "freezer.state";

    @Override
    public boolean freeze(Duration limit) {
      return group.files().await(this::tryFreeze, null, limit);
    }

    /** With a process that was not ready it stays FREEZING until it is tried again. */
    private boolean tryFreeze() {
      group.write(FILE, "FROZEN");
      return group.read(FILE).strip().equals("FROZEN");
    }

    @Override
    public void thaw() {
      group.writeIfThere(FILE, "THAWED");
    }

    @Override
    public boolean isFrozen() {
      return Long.valueOf(1).equals(group.number("freezer.self_freezing"));
    }
  }
}
