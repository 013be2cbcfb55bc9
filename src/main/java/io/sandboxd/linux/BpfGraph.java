package io.sandboxd.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A filter as steps that lead to others. There are no plain jumps and no steps whose outcome makes
 * no difference, and what several places of the program do alike is one step. All lead to higher
 * places.
 */
final class BpfGraph {
  private static final int NOWHERE = -1;

  /** {@code sizeof(struct seccomp_data)}. */
  private static final int DATA = 64;

  /**
   * @param then the place of the step that comes next, or does so if the condition holds
   * @param otherwise the place of the one that comes next if it does not
   */
  record Step(int operation, int k, int then, int otherwise) {
    // A record's own are made at run time, which would take a start of the daemon milliseconds.
    @Override
    public boolean equals(Object other) {
      return other instanceof Step step
          && operation == step.operation
          && k == step.k
          && then == step.then
          && otherwise == step.otherwise;
    }

    @Override
    public int hashCode() {
      return ((operation * 31 + k) * 31 + then) * 31 + otherwise;
    }

    boolean returns() {
      return operation == BpfInstruction.RETURN;
    }

    boolean loads() {
      return operation == BpfInstruction.LOAD_WORD;
    }

    /** Or where the call was made. */
    boolean loadsArgument() {
      return loads() && k != BpfInstruction.NUMBER_OF_CALL && k != BpfInstruction.ARCHITECTURE;
    }

    boolean jumps() {
      return otherwise != NOWHERE;
    }

    /** Jumps by what is less and what is greater. */
    boolean compares() {
      return jumps() && operation != BpfInstruction.JUMP_IF_ANY_BIT;
    }

    /** Where a jump leads to. */
    int with(int accumulator) {
      int compared = Integer.compareUnsigned(accumulator, k);
      boolean holds =
          switch (operation) {
            case BpfInstruction.JUMP_IF_EQUAL -> compared == 0;
            case BpfInstruction.JUMP_IF_GREATER -> compared > 0;
            case BpfInstruction.JUMP_IF_GREATER_OR_EQUAL -> compared >= 0;
            default -> (accumulator & k) != 0;
          };
      return holds ? then : otherwise;
    }
  }

  private final Step[] steps;

  /** For each place of the program that of the step which does the same. */
  private final int[] same;

  private final Map<Step, Integer> places = new HashMap<>();

  private BpfGraph(int size) {
    steps = new Step[size];
    same = new int[size];
  }

  /** Nothing if the program does what is not known here, or leads out of itself. */
  static Optional<BpfGraph> read(byte[] program) {
    int size = program.length / SeccompFilter.INSTRUCTION;
    if (size == 0 || program.length % SeccompFilter.INSTRUCTION != 0) {
      return Optional.empty();
    }
    ByteBuffer bytes = ByteBuffer.wrap(program).order(ByteOrder.nativeOrder());
    BpfGraph graph = new BpfGraph(size);
    for (int at = size - 1; at >= 0; at--) {
      bytes.position(at * SeccompFilter.INSTRUCTION);
      graph.same[at] = graph.add(at, BpfInstruction.read(bytes));
      if (graph.same[at] == NOWHERE) {
        return Optional.empty();
      }
    }
    return Optional.of(graph);
  }

  /** All places are below. */
  int size() {
    return steps.length;
  }

  int start() {
    return same[0];
  }

  /**
   * @param place that {@link #start} or another step has given
   */
  Step step(int place) {
    return steps[place];
  }

  /**
   * @return the place of the step that does the same
   */
  private int add(int at, BpfInstruction instruction) {
    int operation = instruction.operation();
    int k = instruction.k();
    return switch (operation) {
      case BpfInstruction.RETURN -> put(at, new Step(operation, k, NOWHERE, NOWHERE));
      case BpfInstruction.LOAD_WORD ->
          k % Integer.BYTES == 0 && k >= 0 && k < DATA
              ? addPlain(at, operation, k, target(at, 0))
              : NOWHERE;
      case BpfInstruction.AND -> addPlain(at, operation, k, k == 0 ? withZero(at) : target(at, 0));
      case BpfInstruction.JUMP -> target(at, Integer.toUnsignedLong(k));
      case BpfInstruction.JUMP_IF_EQUAL,
          BpfInstruction.JUMP_IF_GREATER,
          BpfInstruction.JUMP_IF_GREATER_OR_EQUAL,
          BpfInstruction.JUMP_IF_ANY_BIT -> {
        int then = target(at, instruction.then());
        int otherwise = target(at, instruction.otherwise());
        boolean within = then != NOWHERE && otherwise != NOWHERE;
        yield !within || then == otherwise
            ? Math.min(then, otherwise)
            : put(at, new Step(operation, k, then, otherwise));
      }
      default -> NOWHERE;
    };
  }

  private int target(int at, long passedOver) {
    long target = at + 1 + passedOver;
    return target < steps.length ? same[(int) target] : NOWHERE;
  }

  /** libseccomp masks the upper half of an argument with 0 before it compares it with 0. */
  private int withZero(int at) {
    int next = target(at, 0);
    while (next != NOWHERE && steps[next].jumps()) {
      next = steps[next].with(0);
    }
    return next;
  }

  private int addPlain(int at, int operation, int k, int next) {
    boolean unused = next == NOWHERE || steps[next].returns() || steps[next].loads();
    return unused ? next : put(at, new Step(operation, k, next, NOWHERE));
  }

  private int put(int at, Step step) {
    steps[at] = step;
    Integer known = places.putIfAbsent(step, at);
    return known == null ? at : known;
  }
}
