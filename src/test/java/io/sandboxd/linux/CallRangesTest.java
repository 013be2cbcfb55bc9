package io.sandboxd.linux;

import static io.sandboxd.linux.BpfInstruction.ARCHITECTURE;
import static io.sandboxd.linux.BpfInstruction.JUMP;
import static io.sandboxd.linux.BpfInstruction.JUMP_IF_ANY_BIT;
import static io.sandboxd.linux.BpfInstruction.JUMP_IF_EQUAL;
import static io.sandboxd.linux.BpfInstruction.JUMP_IF_GREATER;
import static io.sandboxd.linux.BpfInstruction.JUMP_IF_GREATER_OR_EQUAL;
import static io.sandboxd.linux.BpfInstruction.LOAD_WORD;
import static io.sandboxd.linux.BpfInstruction.NUMBER_OF_CALL;
import static io.sandboxd.linux.BpfInstruction.RETURN;
import static io.sandboxd.linux.BpfMachine.ALLOW;
import static io.sandboxd.linux.BpfMachine.KILL_PROCESS;
import static io.sandboxd.linux.BpfMachine.X86_64;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Programs that are made small by hand and by chance; those of profiles are in another test. */
@Timeout(60)
class CallRangesTest {
  private static final int AND = BpfInstruction.AND;

  /** The lower half of the first one. */
  private static final int ARGUMENT = 16;

  private static BpfInstruction plain(int operation, int k) {
    return new BpfInstruction(operation, k);
  }

  private static BpfInstruction jump(int operation, int k, int then, int otherwise) {
    return new BpfInstruction(operation, then, otherwise, k);
  }

  @SafeVarargs
  private static byte[] program(List<BpfInstruction>... parts) {
    List<BpfInstruction> all = Arrays.stream(parts).flatMap(List::stream).toList();
    ByteBuffer bytes =
        ByteBuffer.allocate(all.size() * SeccompFilter.INSTRUCTION).order(ByteOrder.nativeOrder());
    all.forEach(instruction -> instruction.write(bytes));
    return bytes.array();
  }

  /** Permits calls from the first on, each by a jump of its own. */
  private static List<BpfInstruction> list(int first, int calls) {
    List<BpfInstruction> list = new ArrayList<>();
    list.add(plain(LOAD_WORD, NUMBER_OF_CALL));
    for (int i = 0; i < calls; i++) {
      list.add(jump(JUMP_IF_EQUAL, first + i, calls - i, 0));
    }
    list.add(plain(RETURN, KILL_PROCESS));
    list.add(plain(RETURN, ALLOW));
    return list;
  }

  @Test
  void callsInARowAreComparedWithTheirEnds() {
    byte[] expected =
        program(
            List.of(
                plain(LOAD_WORD, NUMBER_OF_CALL),
                jump(JUMP_IF_GREATER_OR_EQUAL, 3, 0, 1),
                jump(JUMP_IF_GREATER_OR_EQUAL, 53, 0, 1),
                plain(RETURN, KILL_PROCESS),
                plain(RETURN, ALLOW)));
    assertEquals(SeccompFilter.INSTRUCTION * 53, program(list(3, 50)).length);
    assertEquals(Blob.of(expected), Blob.of(CallRanges.compact(program(list(3, 50)))));
  }

  @Test
  void singleCallsAreComparedWithOnce() {
    byte[] program =
        program(
            List.of(
                plain(LOAD_WORD, NUMBER_OF_CALL),
                jump(JUMP_IF_GREATER_OR_EQUAL, 8, 0, 3),
                jump(JUMP_IF_GREATER_OR_EQUAL, 9, 0, 1),
                plain(RETURN, ALLOW),
                plain(RETURN, KILL_PROCESS),
                plain(RETURN, ALLOW)));
    byte[] expected =
        program(
            List.of(
                plain(LOAD_WORD, NUMBER_OF_CALL),
                jump(JUMP_IF_EQUAL, 8, 1, 0),
                plain(RETURN, ALLOW),
                plain(RETURN, KILL_PROCESS)));
    byte[] compact = CallRanges.compact(program);
    assertEquals(expected.length, compact.length);
    new FilterComparison(program, compact, new Random(1)).ofCalls();
  }

  @Test
  void whatDependsOnTheArchitectureIsKeptApart() {
    byte[] program =
        program(
            List.of(
                plain(LOAD_WORD, ARCHITECTURE), jump(JUMP_IF_EQUAL, X86_64, 0, list(3, 50).size())),
            list(3, 50),
            List.of(plain(LOAD_WORD, ARCHITECTURE), jump(JUMP_IF_EQUAL, -1, 0, 53)),
            list(0, 50),
            List.of(plain(RETURN, KILL_PROCESS)));
    byte[] compact = CallRanges.compact(program);
    assertEquals(10 * SeccompFilter.INSTRUCTION, compact.length);
    new FilterComparison(program, compact, new Random(1)).ofCalls();
  }

  /** A jump passes over 255 instructions at most. */
  @ParameterizedTest
  @CsvSource({"400, 1, 5", "400, 2, 7", "800, 3, 300"})
  void jumpsLeadAsFarAsTheyHaveTo(int calls, int stride, int answers) {
    List<BpfInstruction> list = new ArrayList<>(List.of(plain(LOAD_WORD, NUMBER_OF_CALL)));
    for (int i = 0; i < calls; i++) {
      list.add(jump(JUMP_IF_EQUAL, i * stride, 0, 4));
      list.add(plain(LOAD_WORD, ARGUMENT));
      list.add(jump(JUMP_IF_EQUAL, i % answers, 1, 0));
      list.add(plain(RETURN, KILL_PROCESS + i % answers));
      list.add(plain(RETURN, ALLOW + i % answers));
    }
    list.add(plain(RETURN, ALLOW));
    byte[] program = program(list);
    byte[] compact = CallRanges.compact(program);
    assertTrue(compact.length < program.length);
    new FilterComparison(program, compact, new Random(1)).ofCalls();
  }

  /** Each begins what could be made small otherwise. */
  static Stream<List<BpfInstruction>> oddities() {
    return Stream.of(
        List.of(plain(0x80, 0)), // the length of the data
        List.of(plain(0x00, 5)), // a constant
        List.of(plain(0x60, 0)), // of the scratch memory
        List.of(plain(0x01, 5)), // X
        List.of(plain(0x02, 0)), // to the scratch memory
        List.of(plain(0x07, 0)), // X from the accumulator
        List.of(plain(0x04, 1)), // plus
        List.of(plain(0x5c, 0)), // and X
        List.of(plain(0x84, 0)), // minus it
        List.of(plain(0x16, 0)), // return the accumulator
        List.of(jump(0x1d, 0, 0, 0)), // a jump by X
        List.of(plain(0xff06, 0)),
        List.of(plain(LOAD_WORD, 3)),
        List.of(plain(LOAD_WORD, 64)),
        List.of(plain(LOAD_WORD, -4)),
        List.of(plain(JUMP, 1000)),
        List.of(plain(JUMP, -1)),
        List.of(jump(JUMP_IF_EQUAL, 1, 255, 0), plain(RETURN, ALLOW)),
        List.of(jump(JUMP_IF_EQUAL, 1, 0, 255), plain(RETURN, ALLOW)),
        List.of(jump(JUMP_IF_EQUAL, 0, 0, 1), plain(RETURN, ALLOW)),
        List.of(plain(AND, 1), jump(JUMP_IF_EQUAL, 0, 0, 1), plain(RETURN, ALLOW)),
        List.of(
            plain(LOAD_WORD, NUMBER_OF_CALL),
            plain(AND, 1),
            jump(JUMP_IF_EQUAL, 0, 0, 1),
            plain(RETURN, ALLOW)),
        List.of(
            plain(LOAD_WORD, NUMBER_OF_CALL), jump(JUMP_IF_ANY_BIT, 1, 0, 1), plain(RETURN, ALLOW)),
        List.of(
            plain(LOAD_WORD, ARCHITECTURE), jump(JUMP_IF_GREATER, 1, 0, 1), plain(RETURN, ALLOW)));
  }

  @ParameterizedTest
  @MethodSource("oddities")
  void whatIsNotKnownStaysAsItIs(List<BpfInstruction> oddity) {
    byte[] program = program(oddity, list(3, 50));
    assertSame(program, CallRanges.compact(program));
    byte[] unused = program(list(3, 50), oddity, List.of(plain(RETURN, ALLOW)));
    if (oddity.size() == 1) {
      assertSame(unused, CallRanges.compact(unused), "where nothing leads to");
    }
  }

  @Test
  void whatHasNoEndStaysAsItIs() {
    byte[] open = program(list(3, 50), List.of(plain(LOAD_WORD, NUMBER_OF_CALL)));
    assertSame(open, CallRanges.compact(open));
    byte[] odd = Arrays.copyOf(program(list(3, 50)), 53 * SeccompFilter.INSTRUCTION + 1);
    assertSame(odd, CallRanges.compact(odd));
    byte[] empty = {};
    assertSame(empty, CallRanges.compact(empty));
  }

  @Test
  void whatIsSmallStaysAsItIs() {
    byte[] small = program(list(3, 1));
    assertSame(small, CallRanges.compact(small));
    byte[] smallest = program(List.of(plain(RETURN, ALLOW)));
    assertSame(smallest, CallRanges.compact(smallest));
  }

  /** A list of calls, and a hundred architectures that go through it. */
  @Test
  void whatTakesTooLongStaysAsItIs() {
    List<BpfInstruction> list = new ArrayList<>(List.of(plain(LOAD_WORD, NUMBER_OF_CALL)));
    for (int call = 0; call < 1_000; call++) {
      list.add(jump(JUMP_IF_EQUAL, call, 0, 1));
      list.add(plain(RETURN, ALLOW + call / 100));
    }
    list.add(plain(RETURN, KILL_PROCESS));
    byte[] quick = program(list);
    assertTrue(CallRanges.compact(quick).length < quick.length);
    List<BpfInstruction> architectures = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      architectures.add(jump(JUMP_IF_EQUAL, i, 0, 1));
      architectures.add(plain(JUMP, 2 * (99 - i) + 1));
    }
    architectures.add(0, plain(LOAD_WORD, ARCHITECTURE));
    architectures.add(plain(RETURN, KILL_PROCESS));
    byte[] slow = program(architectures, list);
    assertSame(slow, CallRanges.compact(slow));
  }

  @Test
  void programsByChanceAnswerTheSame() {
    int smaller = 0;
    for (int seed = 0; seed < 3_000; seed++) {
      Random random = new Random(seed);
      byte[] program = program(byChance(random));
      byte[] compact = CallRanges.compact(program);
      if (compact != program) {
        smaller++;
        new FilterComparison(program, compact, random).ofConstants();
      }
    }
    assertTrue(smaller > 500, smaller + " were made smaller");
  }

  /** With few constants, so that much is compared with the same. */
  private static List<BpfInstruction> byChance(Random random) {
    int size = 10 + random.nextInt(60);
    List<BpfInstruction> program = new ArrayList<>();
    int loaded = random.nextBoolean() ? ARCHITECTURE : NUMBER_OF_CALL;
    program.add(plain(LOAD_WORD, loaded));
    while (program.size() < size) {
      int left = Math.min(255, size - program.size() - 1);
      int then = left == 0 ? 0 : random.nextInt(left);
      int otherwise = random.nextInt(3) > 0 || left == 0 ? 0 : random.nextInt(left);
      int k = random.nextInt(8);
      switch (random.nextInt(12)) {
        case 0 -> program.add(plain(RETURN, random.nextInt(3)));
        case 1 -> program.add(plain(JUMP, Math.min(then, 3)));
        case 2 -> {
          program.add(plain(LOAD_WORD, ARGUMENT + 4 * random.nextInt(4)));
          program.add(plain(AND, random.nextInt(4)));
          program.add(jump(JUMP_IF_ANY_BIT, k, Math.min(then, 3), 0));
        }
        case 3 -> program.add(plain(LOAD_WORD, NUMBER_OF_CALL));
        case 4 -> {
          program.add(plain(LOAD_WORD, ARCHITECTURE));
          program.add(jump(JUMP_IF_EQUAL, random.nextInt(3) - 1, Math.min(then, 3), 0));
        }
        case 5, 6 -> program.add(jump(JUMP_IF_GREATER, k, then, otherwise));
        case 7, 8 -> program.add(jump(JUMP_IF_GREATER_OR_EQUAL, k, then, otherwise));
        default -> program.add(jump(JUMP_IF_EQUAL, k, then, otherwise));
      }
    }
    program.add(plain(RETURN, ALLOW));
    return program;
  }
}
