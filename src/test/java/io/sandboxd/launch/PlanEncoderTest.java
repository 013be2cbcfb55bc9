package io.sandboxd.launch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sandboxd.linux.Blob;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanEncoderTest {
  @Test
  void encodesEachKindOfArgument() {
    Step step =
        new Step(
            "new mount", "/x", Op.NEW_MOUNT, List.of(9L, "tmpfs", List.of("mode=755", "ä"), -1L));
    ByteBuffer in =
        ByteBuffer.wrap(PlanEncoder.encode(2, 7, List.of(step))).order(ByteOrder.nativeOrder());
    assertEquals(2, in.getInt(), "type");
    assertEquals(7, in.getInt(), "tag");
    assertEquals(1, in.getInt(), "steps");
    assertEquals(11, in.getInt(), "opcode");
    assertEquals(in.limit() - in.position() - 4, in.getInt(), "length of the arguments");
    assertEquals(9, in.getLong());
    assertEquals("tmpfs", string(in));
    assertEquals(2, in.getInt());
    assertEquals("mode=755", string(in));
    assertEquals("ä", string(in));
    assertEquals(-1, in.getLong());
    assertEquals(0, in.remaining());
  }

  @Test
  void encodesBytesAsTheyAre() {
    Step step = new Step("seccomp", null, Op.SECCOMP, List.of(1L, Blob.of(new byte[] {0, -1, 7})));
    ByteBuffer in =
        ByteBuffer.wrap(PlanEncoder.encode(2, 7, List.of(step))).order(ByteOrder.nativeOrder());
    in.position(12);
    assertEquals(45, in.getInt(), "opcode");
    assertEquals(8 + 4 + 3, in.getInt(), "length of the arguments");
    assertEquals(1, in.getLong());
    assertEquals(3, in.getInt());
    byte[] bytes = new byte[in.remaining()];
    in.get(bytes);
    assertArrayEquals(new byte[] {0, -1, 7}, bytes);
  }

  private static String string(ByteBuffer in) {
    byte[] bytes = new byte[in.getInt()];
    in.get(bytes);
    assertEquals(0, bytes[bytes.length - 1], "ends with NUL");
    return new String(bytes, 0, bytes.length - 1, java.nio.charset.StandardCharsets.UTF_8);
  }

  @Test
  void aStepOfTheWrongShapeCannotBeMade() {
    assertThrows(
        IllegalArgumentException.class, () -> new Step("x", null, Op.UMASK, List.of("18")));
    assertThrows(IllegalArgumentException.class, () -> new Step("x", null, Op.UMASK, List.of()));
  }
}
