package io.sandboxd.launch;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * What sandbox-init shall do, in order, and the descriptors it needs for that: the first is slot 0,
 * and so on.
 */
public record Plan(List<FdSource> fds, List<Step> steps) {
  /** Slots of sandbox-init's table. */
  static final int MAX_SLOTS = 64;

  public Plan {
    fds = List.copyOf(fds);
    steps = List.copyOf(steps);
  }

  /** One step a line; what golden tests compare. */
  public String text() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < fds.size(); i++) {
      text.append("slot ").append(i).append(" = ").append(fds.get(i)).append('\n');
    }
    steps.forEach(step -> text.append(step).append('\n'));
    return text.toString();
  }

  /** Gathers a plan; slots of descriptors that steps make come after those the daemon sends. */
  public static final class Builder {
    private final List<FdSource> fds = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private final Deque<Long> free = new ArrayDeque<>();

    /** One is taken for good: {@link Mounts#ROOT_SLOT}. */
    private int made = 1;

    /** The slot of a descriptor that the daemon sends. */
    public long send(FdSource source) {
      int known = fds.indexOf(source);
      if (known >= 0) {
        return known;
      }
      fds.add(source);
      return checked(fds.size() - 1);
    }

    /** A free slot for a descriptor that a step makes; they are counted down from the top. */
    public long make() {
      if (!free.isEmpty()) {
        return free.pop();
      }
      made++;
      return checked(MAX_SLOTS - made);
    }

    /** Closes what is in a slot, so that a later step may use it. */
    public void release(long slot) {
      step("close", null, Op.CLOSE, slot);
      if (slot >= fds.size()) {
        free.push(slot);
      }
    }

    private long checked(long slot) {
      if (fds.size() + made > MAX_SLOTS) {
        throw new TooManyDescriptors();
      }
      return slot;
    }

    public Builder step(String name, String path, Op op, Object... args) {
      List<Object> widened = new ArrayList<>(args.length);
      for (Object arg : args) {
        widened.add(arg instanceof Integer n ? Long.valueOf(n) : arg);
      }
      steps.add(new Step(name, path, op, widened));
      return this;
    }

    public Plan build() {
      return new Plan(fds, steps);
    }
  }

  /** More mounts at once than sandbox-init has room for. */
  public static final class TooManyDescriptors extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }
}
