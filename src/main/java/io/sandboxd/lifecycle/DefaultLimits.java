package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.Resources.Memory;
import io.sandboxd.sandbox.Resources.Pids;

/**
 * The limits of a sandbox whose spec says nothing of them, so that none can take the host's last
 * process or page by mistake.
 */
public final class DefaultLimits {
  private final Cgroups cgroups;
  private final Resources defaults;

  /**
   * @param defaults {@code memory.max} and {@code pids.max}, as far as there are to be any
   */
  public DefaultLimits(Cgroups cgroups, Resources defaults) {
    this.cgroups = cgroups;
    this.defaults = defaults;
  }

  /** What is in force then; a default that this host cannot enforce is none. */
  Resources with(Resources asked) {
    Resources wanted = asked == null ? Resources.NONE : asked;
    return new Resources(memory(wanted.memory()), wanted.cpu(), pids(wanted.pids()), wanted.io());
  }

  private Memory memory(Memory asked) {
    if ((asked != null && asked.max() != null) || missing("memory", defaults.memory())) {
      return asked;
    }
    ByteSize max = defaults.memory().max();
    if (asked == null) {
      return new Memory(max, null, null);
    }
    boolean higher = asked.high() != null && asked.high().bytes() > max.bytes();
    return new Memory(higher ? asked.high() : max, asked.high(), asked.swapMax());
  }

  private Pids pids(Pids asked) {
    boolean given = asked != null && asked.max() != null;
    return given || missing("pids", defaults.pids()) ? asked : defaults.pids();
  }

  private boolean missing(String controller, Object value) {
    return value == null || !cgroups.controllers().contains(controller);
  }
}
