package io.sandboxd.linux;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import jnr.ffi.Pointer;

/** bpf(2), as far as devices go; the layouts are those of {@code union bpf_attr} (linux/bpf.h). */
final class BpfCalls {
  private static final int SYS_BPF = CpuArchitecture.ARM ? 280 : 321;

  private static final int PROG_LOAD = 5;
  private static final int PROG_ATTACH = 8;
  private static final int PROG_GET_FD_BY_ID = 13;
  private static final int OBJ_GET_INFO_BY_FD = 15;
  private static final int PROG_QUERY = 16;

  private static final int PROG_TYPE_CGROUP_DEVICE = 15;
  private static final int CGROUP_DEVICE = 6;
  private static final int ALLOW_MULTI = 2;
  private static final int QUERY_EFFECTIVE = 1;

  private static final int ATTRIBUTES = 128;
  private static final int INSTRUCTION = 8;
  private static final int MOST_PROGRAMS = 64;
  private static final int TAG = 8;
  private static final int TAG_OFFSET = 8;
  private static final int INFO = 64;

  private final FileCalls calls;

  BpfCalls(FileCalls calls) {
    this.calls = calls;
  }

  private long call(int command, Pointer attributes) {
    long result = calls.c.syscall(SYS_BPF, command, attributes, ATTRIBUTES, 0, 0);
    return calls.check(result, "bpf", null);
  }

  Fd load(byte[] instructions) {
    NativeMemory memory = calls.memory();
    Pointer attributes = memory.take(ATTRIBUTES);
    attributes.putInt(0, PROG_TYPE_CGROUP_DEVICE);
    attributes.putInt(4, instructions.length / INSTRUCTION);
    attributes.putLong(8, memory.bytes(instructions).address());
    attributes.putLong(16, memory.bytes(new byte[1]).address()); // its licence: it calls nothing
    return new Fd((int) call(PROG_LOAD, attributes), calls);
  }

  void attach(Fd cgroup, Fd program) {
    Pointer attributes = calls.memory().take(ATTRIBUTES);
    attributes.putInt(0, cgroup.number());
    attributes.putInt(4, program.number());
    attributes.putInt(8, CGROUP_DEVICE);
    attributes.putInt(12, ALLOW_MULTI);
    call(PROG_ATTACH, attributes);
  }

  /** Those of the group itself and of the groups above it. */
  List<String> tags(Fd cgroup) {
    NativeMemory memory = calls.memory();
    Pointer attributes = memory.take(ATTRIBUTES);
    Pointer ids = memory.take(MOST_PROGRAMS * Integer.BYTES);
    attributes.putInt(0, cgroup.number());
    attributes.putInt(4, CGROUP_DEVICE);
    attributes.putInt(8, QUERY_EFFECTIVE);
    attributes.putLong(16, ids.address());
    attributes.putInt(24, MOST_PROGRAMS);
    call(PROG_QUERY, attributes);
    int[] found = new int[attributes.getInt(24)];
    ids.get(0, found, 0, found.length);
    List<String> tags = new ArrayList<>();
    for (int id : found) {
      try (Fd program = open(id)) {
        tags.add(tag(program));
      }
    }
    return tags;
  }

  private Fd open(int id) {
    Pointer attributes = calls.memory().take(ATTRIBUTES);
    attributes.putInt(0, id);
    return new Fd((int) call(PROG_GET_FD_BY_ID, attributes), calls);
  }

  String tag(Fd program) {
    NativeMemory memory = calls.memory();
    Pointer attributes = memory.take(ATTRIBUTES);
    Pointer info = memory.take(INFO);
    attributes.putInt(0, program.number());
    attributes.putInt(4, INFO);
    attributes.putLong(8, info.address());
    call(OBJ_GET_INFO_BY_FD, attributes);
    byte[] tag = new byte[TAG];
    info.get(TAG_OFFSET, tag, 0, TAG);
    return HexFormat.of().formatHex(tag);
  }
}
