package io.sandboxd.sandbox.constraints;

/** The length of strings as the kernel counts them. */
public final class Utf8 {
  private Utf8() {}

  /**
   * In bytes, without making them; -1 if a surrogate has no other half, which UTF-8 cannot express.
   */
  public static long length(String text) {
    long bytes = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        bytes += 1;
      } else if (c < 0x800) {
        bytes += 2;
      } else if (!Character.isSurrogate(c)) {
        bytes += 3;
      } else if (i + 1 < text.length() && Character.isSurrogatePair(c, text.charAt(i + 1))) {
        bytes += 4;
        i++;
      } else {
        return -1;
      }
    }
    return bytes;
  }
}
