package io.sandboxd.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Runs filters as the kernel would, so that a test can ask what becomes of a call without making
 * it: classic BPF (linux/bpf_common.h) over {@code struct seccomp_data}.
 */
public final class BpfMachine {
  public static final int X86_64 = 0xc000003e;
  public static final int I386 = 0x40000003;
  public static final int AARCH64 = 0xc00000b7;

  /** Marks the number of a call as one of x32. */
  public static final int X32 = 0x40000000;

  public static final int ALLOW = 0x7fff0000;
  public static final int LOG = 0x7ffc0000;
  public static final int KILL_PROCESS = 0x80000000;
  private static final int ERRNO = 0x00050000;

  private BpfMachine() {}

  public static int errno(int errno) {
    return ERRNO | errno;
  }

  /**
   * What a filter answers.
   *
   * @param args of the call; those left out are 0
   */
  public static int run(SeccompFilter filter, int architecture, int call, long... args) {
    ByteBuffer data = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    data.putInt(call).putInt(architecture).putLong(0);
    for (long arg : args) {
      data.putLong(arg);
    }
    ByteBuffer code = filter.program().buffer().order(ByteOrder.LITTLE_ENDIAN);
    int accumulator = 0;
    for (int pc = 0; ; pc++) {
      int at = pc * SeccompFilter.INSTRUCTION;
      int then = code.get(at + 2) & 0xff;
      int otherwise = code.get(at + 3) & 0xff;
      int k = code.getInt(at + 4);
      int compared = Integer.compareUnsigned(accumulator, k);
      switch (code.getShort(at)) {
        case 0x20 -> accumulator = data.getInt(k);
        case 0x54 -> accumulator &= k;
        case 0x05 -> pc += k;
        case 0x15 -> pc += compared == 0 ? then : otherwise;
        case 0x25 -> pc += compared > 0 ? then : otherwise;
        case 0x35 -> pc += compared >= 0 ? then : otherwise;
        case 0x45 -> pc += (accumulator & k) != 0 ? then : otherwise;
        case 0x06 -> {
          return k;
        }
        default -> throw new IllegalArgumentException("instruction " + code.getShort(at));
      }
    }
  }
}
