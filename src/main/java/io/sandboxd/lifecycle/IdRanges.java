package io.sandboxd.lifecycle;

import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.IdMapping;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec.IdMappings;
import java.util.BitSet;
import java.util.List;

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
  private final BitSet taken = new BitSet();

  public IdRanges(long base) {
    this.base = base;
  }

  /**
   * @throws SandboxException {@code limit_exceeded} when all are given out
   */
  synchronized IdMappings take() {
    int index = taken.nextClearBit(0);
    long first = base + (long) index * SIZE;
    if (first + SIZE > END) {
      throw new SandboxException(
          ErrorCode.LIMIT_EXCEEDED,
          "All id ranges are in use: delete sandboxes, or give idMappings.");
    }
    taken.set(index);
    List<IdMapping> line = List.of(new IdMapping(0, first, SIZE));
    return new IdMappings(line, line);
  }

  /** Notes that a sandbox has the range already. */
  synchronized void keep(IdMappings mappings) {
    each(mappings, taken::set);
  }

  /** Takes a range back; mappings that came from elsewhere are none of ours and change nothing. */
  synchronized void giveBack(IdMappings mappings) {
    each(mappings, taken::clear);
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
