package io.sandboxd.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A filter that is written from its end to its front: jumps only lead forward, so what one leads to
 * is always there already.
 */
final class BackwardProgram {
  /**
   * How far a conditional jump is to lead: 255 instructions at most, less the one that may have to
   * be put in between for its other target.
   */
  private static final int REACH = 254;

  private static final int NOT_YET = -1;

  /** What can come next. */
  static final class Target {
    /** What has the same effect wherever it is, or null. */
    private final BpfInstruction anywhere;

    /** The number of instructions behind it. */
    private int behind;

    private Target(BpfInstruction anywhere, int behind) {
      this.anywhere = anywhere;
      this.behind = behind;
    }
  }

  private final List<BpfInstruction> backward = new ArrayList<>();
  private final Map<Integer, Target> returns = new HashMap<>();

  /** It is written where it is needed, and again where that is too far. */
  Target returns(int value) {
    return returns.computeIfAbsent(
        value, k -> new Target(new BpfInstruction(BpfInstruction.RETURN, k), NOT_YET));
  }

  /** An instruction that does not jump. */
  Target plain(int operation, int k, Target next) {
    bringWithin(0, next);
    return put(new BpfInstruction(operation, k));
  }

  Target jump(int condition, int k, Target then, Target otherwise) {
    bringWithin(REACH, otherwise);
    bringWithin(REACH, then);
    return put(new BpfInstruction(condition, distance(then), distance(otherwise), k));
  }

  /** The program as the kernel takes it. */
  byte[] from(Target start) {
    bringWithin(0, start);
    ByteBuffer bytes =
        ByteBuffer.allocate(backward.size() * SeccompFilter.INSTRUCTION)
            .order(ByteOrder.nativeOrder());
    for (int i = backward.size() - 1; i >= 0; i--) {
      backward.get(i).write(bytes);
    }
    return bytes.array();
  }

  private Target put(BpfInstruction instruction) {
    backward.add(instruction);
    return new Target(null, backward.size() - 1);
  }

  /** How many instructions the one that is put next has to pass over. */
  private int distance(Target target) {
    return backward.size() - 1 - target.behind;
  }

  /**
   * @param reach how many instructions the one that is put next can pass over
   */
  private void bringWithin(int reach, Target target) {
    if (target.behind == NOT_YET || distance(target) > reach) {
      boolean copy = target.anywhere != null; // takes no more room than a jump to it
      backward.add(
          copy ? target.anywhere : new BpfInstruction(BpfInstruction.JUMP, distance(target)));
      target.behind = backward.size() - 1;
    }
  }
}
