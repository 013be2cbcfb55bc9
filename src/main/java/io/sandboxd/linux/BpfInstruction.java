package io.sandboxd.linux;

import java.nio.ByteBuffer;

/**
 * An instruction of classic BPF: {@code struct sock_filter} (linux/filter.h, linux/bpf_common.h).
 *
 * @param then how many instructions a conditional jump passes over if its condition holds, 0 to 255
 * @param otherwise the same if it does not hold
 * @param k an operand, or how many instructions a plain jump passes over
 */
record BpfInstruction(int operation, int then, int otherwise, int k) {
  static final int LOAD_WORD = 0x20;
  static final int AND = 0x54;
  static final int JUMP = 0x05;
  static final int JUMP_IF_EQUAL = 0x15;
  static final int JUMP_IF_GREATER = 0x25;
  static final int JUMP_IF_GREATER_OR_EQUAL = 0x35;
  static final int JUMP_IF_ANY_BIT = 0x45;
  static final int RETURN = 0x06;

  // Where fields of struct seccomp_data are.
  static final int NUMBER_OF_CALL = 0;
  static final int ARCHITECTURE = 4;

  BpfInstruction {
    if ((then | otherwise) >>> Byte.SIZE != 0) {
      throw new IllegalArgumentException("A jump over %d or %d.".formatted(then, otherwise));
    }
  }

  BpfInstruction(int operation, int k) {
    this(operation, 0, 0, k);
  }

  /**
   * @param in of the machine's byte order
   */
  static BpfInstruction read(ByteBuffer in) {
    int operation = in.getShort() & 0xffff;
    int then = in.get() & 0xff;
    int otherwise = in.get() & 0xff;
    return new BpfInstruction(operation, then, otherwise, in.getInt());
  }

  /**
   * @param out of the machine's byte order
   */
  void write(ByteBuffer out) {
    out.putShort((short) operation).put((byte) then).put((byte) otherwise).putInt(k);
  }
}
