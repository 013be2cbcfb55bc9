package io.sandboxd.launch;

import io.sandboxd.linux.Blob;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A plan as sandbox-init reads it: native byte order, packed; {@code src/main/c/protocol.h}
 * describes the form.
 */
final class PlanEncoder {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream(1024);

  private PlanEncoder() {}

  /** A message whose body is a plan. */
  static byte[] encode(int type, int tag, List<Step> steps) {
    PlanEncoder encoder = new PlanEncoder();
    encoder.u32(type);
    encoder.u32(tag);
    encoder.plan(steps);
    return encoder.out.toByteArray();
  }

  /** A message whose body is a number and a plan. */
  static byte[] encode(int type, int tag, int number, List<Step> steps) {
    PlanEncoder encoder = new PlanEncoder();
    encoder.u32(type);
    encoder.u32(tag);
    encoder.u32(number);
    encoder.plan(steps);
    return encoder.out.toByteArray();
  }

  private void plan(List<Step> steps) {
    u32(steps.size());
    for (Step step : steps) {
      PlanEncoder args = new PlanEncoder();
      step.args().forEach(args::argument);
      byte[] bytes = args.out.toByteArray();
      u32(step.op().code());
      u32(bytes.length);
      out.writeBytes(bytes);
    }
  }

  private void argument(Object arg) {
    if (arg instanceof Long number) {
      out.writeBytes(buffer(Long.BYTES).putLong(number).array());
    } else if (arg instanceof String string) {
      string(string);
    } else if (arg instanceof Blob blob) {
      u32(blob.size());
      blob.writeTo(out);
    } else {
      List<?> strings = (List<?>) arg;
      u32(strings.size());
      strings.forEach(s -> string((String) s));
    }
  }

  private void string(String string) {
    byte[] utf8 = string.getBytes(StandardCharsets.UTF_8);
    u32(utf8.length + 1);
    out.writeBytes(utf8);
    out.write(0);
  }

  private void u32(int value) {
    out.writeBytes(buffer(Integer.BYTES).putInt(value).array());
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
  }
}
