package io.sandboxd.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sandboxd.linux.BackwardProgram.Target;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How far jumps lead. */
class BackwardProgramTest {
  private static final int ARGUMENT = 16;

  /** Two steps that nothing but jumps can lead to, one behind the other. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 250, 251, 252, 253, 254, 255, 256, 257, 258, 1_000})
  void bothTargetsAreReached(int between) {
    assertEquals(1, answer(between, false, 7));
    assertEquals(2, answer(between, false, 8));
    assertEquals(2, answer(between, true, 7));
    assertEquals(1, answer(between, true, 8));
  }

  private static int answer(int between, boolean swapped, int call) {
    BackwardProgram program = new BackwardProgram();
    Target two = program.plain(BpfInstruction.LOAD_WORD, ARGUMENT, program.returns(2));
    Target one = program.plain(BpfInstruction.LOAD_WORD, ARGUMENT, program.returns(1));
    Target filling = program.returns(3);
    for (int i = 0; i < between; i++) {
      filling = program.plain(BpfInstruction.AND, 1, filling);
    }
    Target then = swapped ? two : one;
    Target otherwise = swapped ? one : two;
    Target jump = program.jump(BpfInstruction.JUMP_IF_EQUAL, 7, then, otherwise);
    byte[] bytes =
        program.from(program.plain(BpfInstruction.LOAD_WORD, BpfInstruction.NUMBER_OF_CALL, jump));
    return BpfMachine.run(new SeccompFilter(0, Blob.of(bytes)), BpfMachine.X86_64, call);
  }
}
