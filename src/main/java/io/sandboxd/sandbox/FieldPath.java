package io.sandboxd.sandbox;

import java.util.regex.Pattern;

/**
 * Where in a JSON document something is, as clients read it: {@code mounts[2].source}, {@code
 * sysctls["net.ipv4.ip_forward"]}.
 */
public record FieldPath(String text) {
  public static final FieldPath ROOT = new FieldPath("");

  private static final Pattern PLAIN = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]{0,63}");
  private static final int MAX_NAME = 64;

  /** A field of an object or a key of a map. */
  public FieldPath field(String name) {
    if (!PLAIN.matcher(name).matches()) {
      return new FieldPath(text + "[\"" + printable(name) + "\"]");
    }
    return new FieldPath(text.isEmpty() ? name : text + "." + name);
  }

  /** An element of an array. */
  public FieldPath index(int index) {
    return new FieldPath(text + "[" + index + "]");
  }

  public boolean isRoot() {
    return text.isEmpty();
  }

  /**
   * Names come from outside: what goes back into a message is short and has no control characters.
   */
  private static String printable(String name) {
    StringBuilder safe = new StringBuilder();
    for (int i = 0; i < name.length() && i < MAX_NAME; i++) {
      char c = name.charAt(i);
      if (c < ' ' || c == 0x7f || c == '"' || c == '\\' || Character.isSurrogate(c)) {
        safe.append(String.format("\\u%04x", (int) c));
      } else {
        safe.append(c);
      }
    }
    return name.length() > MAX_NAME ? safe + "…" : safe.toString();
  }

  @Override
  public String toString() {
    return text;
  }
}
