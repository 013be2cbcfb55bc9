package io.sandboxd.lifecycle;

import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.IdMapping;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec.IdMappings;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Ranges of ids of the host for user namespaces that ask for none: each sandbox has one of its own,
 * so that its root is nobody outside and nobody in any other sandbox.
 */
public final class IdRanges {
  /** As many as a user namespace usually has (login.defs(5), SUB_UID_COUNT). */
  public static final int SIZE = 65536;

  /** The last id is no id: (uid_t) -1 means "unchanged". */
  private static final long END = 0xffffffffL;

  private final long base;

  /**
   * How many sandboxes are in each: one that joins another's user namespace is in its range too.
   */
  private final Map<Integer, Integer> users = new HashMap<>();

  /**
   * The one behind that given last: whatever a sandbox has left somewhere on the host belongs to
   * nobody for as long as possible.
   */
  private int next;

  public IdRanges(long base) {
    this.base = base;
  }

  /**
   * @throws SandboxException {@code limit_exceeded} when all are given out
   */
  synchronized IdMappings take() {
    int index = freeFrom(next);
    if (index < 0) {
      index = freeFrom(0);
    }
    if (index < 0) {
      throw new SandboxException(
          ErrorCode.LIMIT_EXCEEDED,
          "All id ranges are in use: delete sandboxes, or give idMappings.");
    }
    users.put(index, 1);
    next = index + 1;
    long first = base + (long) index * SIZE;
    List<IdMapping> line = List.of(new IdMapping(0, first, SIZE));
    return new IdMappings(line, line);
  }

  /** What {@link #take} would give. */
  synchronized IdMappings next() {
    int before = next;
    IdMappings seen = take();
    giveBack(seen);
    next = before;
    return seen;
  }

  private int freeFrom(int start) {
    for (int index = start; base + (index + 1L) * SIZE <= END; index++) {
      if (!users.containsKey(index)) {
        return index;
      }
    }
    return -1;
  }

  /** Notes one more sandbox in a range; mappings that are none of ours change nothing. */
  synchronized void keep(IdMappings mappings) {
    each(
        mappings,
        index -> {
          users.merge(index, 1, Integer::sum);
          next = Math.max(next, index + 1);
        });
  }

  /** One sandbox less; the range is free when it was the last. */
  synchronized void giveBack(IdMappings mappings) {
    each(mappings, index -> users.computeIfPresent(index, (same, n) -> n > 1 ? n - 1 : null));
  }

  private void each(IdMappings mappings, java.util.function.IntConsumer action) {
    if (mappings == null || mappings.uidLines().size() != 1) {
      return;
    }
    IdMapping line = mappings.uidLines().get(0);
    long offset = line.hostID() - base;
    if (offset >= 0 && offset % SIZE == 0 && line.size() == SIZE) {
      action.accept((int) (offset / SIZE));
    }
  }
}
