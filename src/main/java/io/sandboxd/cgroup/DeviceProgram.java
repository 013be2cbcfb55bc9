package io.sandboxd.cgroup;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * An allow list as a program for the kernel, which asks it at each mknod(2) and open(2) of a device
 * node (kernel: cgroup-v2, "Device controller"; {@code struct bpf_cgroup_dev_ctx} of linux/bpf.h).
 * It answers 1 for what one of the rules allows, else 0.
 */
final class DeviceProgram {
  private static final int INSTRUCTION = 8;

  // Opcodes of the instruction set (kernel: bpf/standardization/instruction-set).
  private static final int LOAD_WORD = 0x61;
  private static final int MOVE = 0xb7;
  private static final int MOVE_REGISTER = 0xbf;
  private static final int AND = 0x57;
  private static final int SHIFT_RIGHT = 0x77;
  private static final int JUMP_NOT_EQUAL = 0x55;
  private static final int EXIT = 0x95;

  private static final int RESULT = 0;
  private static final int CONTEXT = 1;
  private static final int TYPE = 2;
  private static final int ACCESS = 3;
  private static final int MAJOR = 4;
  private static final int MINOR = 5;
  private static final int SCRATCH = 6;

  private static final int BLOCK_DEVICE = 1;
  private static final int CHARACTER_DEVICE = 2;
  private static final int MAY_MKNOD = 1;
  private static final int MAY_READ = 2;
  private static final int MAY_WRITE = 4;

  private record Instruction(int opcode, int to, int from, int offset, int value) {}

  private final List<Instruction> instructions = new ArrayList<>();

  private DeviceProgram() {}

  /** The program's instructions, 8 bytes each. */
  static byte[] of(List<DeviceRule> rules) {
    DeviceProgram program = new DeviceProgram();
    program.loadContext();
    rules.forEach(program::allow);
    program.add(MOVE, RESULT, 0, 0, 0);
    program.add(EXIT, 0, 0, 0, 0);
    return program.bytes();
  }

  /** The first word has the access in its upper half and the type in its lower one. */
  private void loadContext() {
    add(LOAD_WORD, TYPE, CONTEXT, 0, 0);
    add(MOVE_REGISTER, ACCESS, TYPE, 0, 0);
    add(AND, TYPE, 0, 0, 0xffff);
    add(SHIFT_RIGHT, ACCESS, 0, 0, 16);
    add(LOAD_WORD, MAJOR, CONTEXT, 4, 0);
    add(LOAD_WORD, MINOR, CONTEXT, 8, 0);
  }

  private void allow(DeviceRule rule) {
    List<Instruction> checks = new ArrayList<>();
    checks.add(differs(TYPE, rule.block() ? BLOCK_DEVICE : CHARACTER_DEVICE));
    int denied = ~mask(rule.access()) & (MAY_MKNOD | MAY_READ | MAY_WRITE);
    if (denied != 0) {
      checks.add(new Instruction(MOVE_REGISTER, SCRATCH, ACCESS, 0, 0));
      checks.add(new Instruction(AND, SCRATCH, 0, 0, denied));
      checks.add(differs(SCRATCH, 0));
    }
    if (rule.major() != null) {
      checks.add(differs(MAJOR, rule.major()));
    }
    if (rule.minor() != null) {
      checks.add(differs(MINOR, rule.minor()));
    }
    int next = checks.size() + 2; // behind MOVE and EXIT
    for (int i = 0; i < checks.size(); i++) {
      Instruction check = checks.get(i);
      int offset = check.opcode == JUMP_NOT_EQUAL ? next - i - 1 : 0;
      add(check.opcode, check.to, check.from, offset, check.value);
    }
    add(MOVE, RESULT, 0, 0, 1);
    add(EXIT, 0, 0, 0, 0);
  }

  private static Instruction differs(int register, int value) {
    return new Instruction(JUMP_NOT_EQUAL, register, 0, 0, value);
  }

  private static int mask(String access) {
    return (access.contains("m") ? MAY_MKNOD : 0)
        | (access.contains("r") ? MAY_READ : 0)
        | (access.contains("w") ? MAY_WRITE : 0);
  }

  private void add(int opcode, int to, int from, int offset, int value) {
    instructions.add(new Instruction(opcode, to, from, offset, value));
  }

  private byte[] bytes() {
    ByteBuffer bytes =
        ByteBuffer.allocate(instructions.size() * INSTRUCTION).order(ByteOrder.nativeOrder());
    for (Instruction each : instructions) {
      // Both supported architectures are little-endian: the target register is the lower half.
      bytes.put((byte) each.opcode).put((byte) (each.from << 4 | each.to));
      bytes.putShort((short) each.offset).putInt(each.value);
    }
    return bytes.array();
  }
}
