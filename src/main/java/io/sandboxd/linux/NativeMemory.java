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
    int start = (used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    Pointer taken;
    if (start + size <= SIZE) {
      used = start + size;
      taken = block.slice(start, size);
    } else {
      taken = Memory.allocateDirect(runtime, size);
      oversized.add(taken);
    }
    // Not setMemory(): on a slice it checks the wrong bounds.
    taken.put(0, new byte[size], 0, size);
    return taken;
  }

  Pointer bytes(byte[] bytes) {
    Pointer taken = take(Math.max(1, bytes.length));
    taken.put(0, bytes, 0, bytes.length);
    return taken;
  }
}
