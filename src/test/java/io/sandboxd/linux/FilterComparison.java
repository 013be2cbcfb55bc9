package io.sandboxd.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** Asks two filters for the same calls. */
final class FilterComparison {
  private static final int ARM = 0x40000028;
  private static final int ARMS_OWN_CALLS = 0x0f0000;

  /** Those that there are, and some that there are not. */
  private static final Set<Integer> ARCHITECTURES =
      Set.of(BpfMachine.X86_64, BpfMachine.I386, BpfMachine.AARCH64, ARM, 0, 1, -1);

  private static final int ARGUMENTS = 6;
  private static final int ASKED_WITH_ARGUMENTS = 4;

  private final SeccompFilter one;
  private final SeccompFilter other;
  private final Random random;

  /** What the first compares something with, and what is next to it. */
  private final Set<Integer> constants = new TreeSet<>();

  private final List<Integer> values;

  FilterComparison(byte[] one, byte[] other, Random random) {
    this.one = new SeccompFilter(0, Blob.of(one));
    this.other = new SeccompFilter(0, Blob.of(other));
    this.random = random;
    ByteBuffer program = ByteBuffer.wrap(one).order(ByteOrder.nativeOrder());
    while (program.hasRemaining()) {
      int k = BpfInstruction.read(program).k();
      constants.addAll(List.of(k - 1, k, k + 1));
    }
    constants.addAll(List.of(0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE));
    values = List.copyOf(constants);
  }

  /** All numbers that calls have, now and in some years. */
  void ofCalls() {
    of(IntStream.rangeClosed(0, 600));
    of(IntStream.rangeClosed(0, 600).map(call -> BpfMachine.X32 | call));
    of(IntStream.rangeClosed(ARMS_OWN_CALLS - 1, ARMS_OWN_CALLS + 8));
    ofConstants();
  }

  void ofConstants() {
    of(constants.stream().mapToInt(constant -> constant));
  }

  private void of(IntStream calls) {
    calls.forEach(call -> ARCHITECTURES.forEach(architecture -> compare(architecture, call)));
  }

  private void compare(int architecture, int call) {
    for (int i = 0; i < ASKED_WITH_ARGUMENTS; i++) {
      long[] arguments = new long[ARGUMENTS];
      for (int argument = 0; argument < ARGUMENTS; argument++) {
        arguments[argument] = (long) half() << Integer.SIZE | Integer.toUnsignedLong(half());
      }
      int expected = BpfMachine.run(one, architecture, call, arguments);
      int found = BpfMachine.run(other, architecture, call, arguments);
      if (found != expected) { // or a sentence would be made for each of millions
        assertEquals(
            Integer.toHexString(expected),
            Integer.toHexString(found),
            "call %#x of %#x".formatted(call, architecture));
      }
    }
  }

  private int half() {
    return random.nextInt(3) == 0 ? 0 : values.get(random.nextInt(values.size()));
  }
}
