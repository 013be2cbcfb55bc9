package io.sandboxd.linux;

import java.util.ArrayList;
import java.util.List;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * A block of native memory that one thread uses over and over for the arguments of its calls,
 * handed out from the front. Reset at the beginning of each call, so nothing in it outlives the
 * call.
 */
final class NativeMemory {
  private static final int SIZE = 64 * 1024;
  private static final int ALIGNMENT = 16;

  private final Runtime runtime;
  private final Pointer block;
  private final List<Pointer> oversized = new ArrayList<>();
  private int used;

  NativeMemory(Runtime runtime) {
    this.runtime = runtime;
    this.block = Memory.allocateDirect(runtime, SIZE);
  }

  NativeMemory reset() {
    used = 0;
    oversized.clear();
    return this;
  }

  /** Zeroed memory; too large a wish gets a block of its own, which lives until the next reset. */
  Pointer take(int size) {
    int start = room(size);
    if (start < 0) {
      return oversized(size, true);
    }
    // Of the block, not of the slice: there it checks the wrong bounds.
    block.setMemory(start, size, (byte) 0);
    return block.slice(start, size);
  }

  /** As {@link #take}, with whatever is in it: for what the kernel writes to. */
  Pointer forReading(int size) {
    int start = room(size);
    return start < 0 ? oversized(size, false) : block.slice(start, size);
  }

  private int room(int size) {
    int start = (used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (start + size > SIZE) {
      return -1;
    }
    used = start + size;
    return start;
  }

  private Pointer oversized(int size, boolean zeroed) {
    Pointer taken = Memory.allocateDirect(runtime, size, zeroed);
    oversized.add(taken);
    return taken;
  }

  Pointer bytes(byte[] bytes) {
    Pointer taken = forReading(Math.max(1, bytes.length));
    taken.put(0, bytes, 0, bytes.length);
    return taken;
  }
}
