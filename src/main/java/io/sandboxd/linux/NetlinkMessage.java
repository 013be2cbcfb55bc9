package io.sandboxd.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A message of netlink(7): a type, a header of that type, and attributes (struct nlattr), all in
 * the machine's byte order and each on a multiple of 4 bytes.
 */
public final class NetlinkMessage {
  static final int HEADER = 16;
  private static final int ATTRIBUTE_HEADER = 4;
  private static final int ALIGNMENT = 4;
  private static final int FIRST_SIZE = 512;
  private static final short NLA_F_NESTED = (short) 0x8000;
  private static final int NLA_TYPE_MASK = 0x3fff;

  private final int type;
  private final int flags;
  private ByteBuffer content;

  /** An empty one. */
  public NetlinkMessage(int type, int flags) {
    this(type, flags, ByteBuffer.allocate(FIRST_SIZE).order(ByteOrder.nativeOrder()));
  }

  private NetlinkMessage(int type, int flags, ByteBuffer content) {
    this.type = type;
    this.flags = flags;
    this.content = content;
  }

  /** One that came; its content may be cut off anywhere. */
  static NetlinkMessage received(int type, int flags, byte[] content) {
    ByteBuffer buffer = ByteBuffer.wrap(content).order(ByteOrder.nativeOrder());
    return new NetlinkMessage(type, flags, buffer.position(content.length));
  }

  public int type() {
    return type;
  }

  int flags() {
    return flags;
  }

  /** The header of its type, or of a nested attribute that has one. */
  public NetlinkMessage header(Consumer<ByteBuffer> fields) {
    reserve(FIRST_SIZE);
    fields.accept(content);
    return aligned();
  }

  public NetlinkMessage attribute(int type, byte[] value) {
    reserve(ATTRIBUTE_HEADER + value.length + ALIGNMENT);
    content.putShort((short) (ATTRIBUTE_HEADER + value.length)).putShort((short) type).put(value);
    return aligned();
  }

  /** A number of 32 bits. */
  public NetlinkMessage attribute(int type, int value) {
    return attribute(type, number(value));
  }

  /** A text, with the NUL that ends it. */
  public NetlinkMessage attribute(int type, String value) {
    return attribute(type, (value + "\0").getBytes(StandardCharsets.UTF_8));
  }

  /** An attribute of attributes. */
  public NetlinkMessage nested(int type, Consumer<NetlinkMessage> attributes) {
    reserve(ATTRIBUTE_HEADER);
    int start = content.position();
    content.putShort((short) 0).putShort((short) (type | NLA_F_NESTED));
    attributes.accept(this);
    content.putShort(start, (short) (content.position() - start));
    return this;
  }

  /** As the kernel wants to have a number in an attribute. */
  public static byte[] number(int value) {
    return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(value).array();
  }

  private NetlinkMessage aligned() {
    while (content.position() % ALIGNMENT != 0) {
      content.put((byte) 0);
    }
    return this;
  }

  private void reserve(int bytes) {
    if (content.remaining() < bytes) {
      int size = Math.max(content.capacity() * 2, content.position() + bytes);
      content = ByteBuffer.allocate(size).order(ByteOrder.nativeOrder()).put(content.flip());
    }
  }

  /** As it is sent. */
  byte[] bytes(int extraFlags, int sequence) {
    int length = HEADER + content.position();
    return ByteBuffer.allocate(length)
        .order(ByteOrder.nativeOrder())
        .putInt(length)
        .putShort((short) type)
        .putShort((short) (flags | extraFlags))
        .putInt(sequence)
        .putInt(0)
        .put(content.array(), 0, content.position())
        .array();
  }

  /** What is in it, from the first byte, to be read. */
  public ByteBuffer content() {
    return content.duplicate().order(ByteOrder.nativeOrder()).flip();
  }

  /**
   * The attributes behind the header of its type; those that are cut off are left out.
   *
   * @param header its length in bytes
   */
  public Map<Integer, ByteBuffer> attributes(int header) {
    ByteBuffer all = content();
    return attributes(header > all.limit() ? all.position(all.limit()) : all.position(header));
  }

  /** Those of an attribute of attributes. */
  public static Map<Integer, ByteBuffer> attributes(ByteBuffer nested) {
    ByteBuffer rest = nested.duplicate().order(ByteOrder.nativeOrder());
    Map<Integer, ByteBuffer> found = new HashMap<>();
    while (rest.remaining() >= ATTRIBUTE_HEADER) {
      int start = rest.position();
      int length = Short.toUnsignedInt(rest.getShort());
      int type = rest.getShort() & NLA_TYPE_MASK;
      if (length < ATTRIBUTE_HEADER || start + length > rest.limit()) {
        break;
      }
      ByteBuffer value = rest.duplicate().order(ByteOrder.nativeOrder()).limit(start + length);
      found.put(type, value.slice().order(ByteOrder.nativeOrder()));
      rest.position(
          Math.min(rest.limit(), (start + length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT));
    }
    return found;
  }

  /** A text; its NUL is no part of it. */
  public static String text(ByteBuffer value) {
    byte[] bytes = bytes(value);
    int length = bytes.length > 0 && bytes[bytes.length - 1] == 0 ? bytes.length - 1 : bytes.length;
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  /** A copy. */
  public static byte[] bytes(ByteBuffer value) {
    byte[] bytes = new byte[value.remaining()];
    value.duplicate().get(bytes);
    return bytes;
  }
}
