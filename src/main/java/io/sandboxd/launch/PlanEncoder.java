package io.sandboxd.launch;

import io.sandboxd.linux.Blob;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * A plan as sandbox-init reads it: native byte order, packed; {@code src/main/c/protocol.h}
 * describes the form.
 */
final class PlanEncoder {
  /** Bytes; most plans are shorter. */
  private static final int USUAL = 16 * 1024;

  private ByteBuffer out = ByteBuffer.allocate(USUAL).order(ByteOrder.nativeOrder());

  private PlanEncoder() {}

  /** A message whose body is a plan. */
  static byte[] encode(int type, int tag, List<Step> steps) {
    PlanEncoder encoder = new PlanEncoder();
    encoder.u32(type);
    encoder.u32(tag);
    encoder.plan(steps);
    return encoder.bytes();
  }

  /** A message whose body is a number and a plan. */
  static byte[] encode(int type, int tag, int number, List<Step> steps) {
    PlanEncoder encoder = new PlanEncoder();
    encoder.u32(type);
    encoder.u32(tag);
    encoder.u32(number);
    encoder.plan(steps);
    return encoder.bytes();
  }

  private byte[] bytes() {
    return Arrays.copyOf(out.array(), out.position());
  }

  private void plan(List<Step> steps) {
    u32(steps.size());
    for (Step step : steps) {
      u32(step.op().code());
      u32(0);
      int start = out.position();
      step.args().forEach(this::argument);
      out.putInt(start - Integer.BYTES, out.position() - start);
    }
  }

  private void argument(Object arg) {
    if (arg instanceof Long number) {
      room(Long.BYTES).putLong(number);
    } else if (arg instanceof String string) {
      string(string);
    } else if (arg instanceof Blob blob) {
      u32(blob.size());
      room(blob.size()).put(blob.buffer());
    } else {
      List<?> strings = (List<?>) arg;
      u32(strings.size());
      strings.forEach(s -> string((String) s));
    }
  }

  private void string(String string) {
    byte[] utf8 = string.getBytes(StandardCharsets.UTF_8);
    u32(utf8.length + 1);
    room(utf8.length + 1).put(utf8).put((byte) 0);
  }

  private void u32(int value) {
    room(Integer.BYTES).putInt(value);
  }

  private ByteBuffer room(int size) {
    if (out.remaining() < size) {
      int capacity = Math.max(2 * out.capacity(), out.position() + size);
      out = ByteBuffer.allocate(capacity).order(ByteOrder.nativeOrder()).put(out.flip());
    }
    return out;
  }
}
