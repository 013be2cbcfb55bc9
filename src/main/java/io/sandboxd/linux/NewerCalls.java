package io.sandboxd.linux;

import io.sandboxd.sandbox.SeccompProfile;
import io.sandboxd.sandbox.SeccompProfile.Action;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Says ENOSYS to calls that are newer than a profile. C libraries try a new call first, and an old
 * one only after ENOSYS: with the EPERM that profiles have for all they do not name, programs fail
 * on the day that a C library learns of a call.
 */
final class NewerCalls {
  /**
   * The last number before pidfd_send_signal (Linux 5.1), from which on all architectures have the
   * same: no profile is so old that it knows none of those before.
   */
  private static final int LAST_OF_OLD = 423;

  /**
   * From here on are arm's own calls (0x0f0000), as old as arm, and all of x32 (0x40000000), which
   * has old calls under high numbers.
   */
  private static final int NOT_IN_SEQUENCE = 0x10000;

  private NewerCalls() {}

  /**
   * @param newest the highest number of a call that the profile is about, in the machine's own
   *     architecture
   * @param program which answers as the profile says
   */
  static byte[] deny(SeccompProfile profile, int newest, byte[] program) {
    if (profile.defaultAction() != Action.SCMP_ACT_ERRNO) {
      return program;
    }
    ByteBuffer code =
        ByteBuffer.allocate(4 * SeccompFilter.INSTRUCTION + program.length)
            .order(ByteOrder.nativeOrder());
    new BpfInstruction(BpfInstruction.LOAD_WORD, BpfInstruction.NUMBER_OF_CALL).write(code);
    new BpfInstruction(BpfInstruction.JUMP_IF_GREATER_OR_EQUAL, 2, 0, NOT_IN_SEQUENCE).write(code);
    int last = Math.max(newest, LAST_OF_OLD);
    new BpfInstruction(BpfInstruction.JUMP_IF_GREATER, 0, 1, last).write(code);
    new BpfInstruction(BpfInstruction.RETURN, Action.SCMP_ACT_ERRNO.code() | Errno.ENOSYS)
        .write(code);
    return code.put(program).array();
  }
}
