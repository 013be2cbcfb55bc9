package io.sandboxd.launch;

import io.sandboxd.linux.Blob;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * One line of a plan.
 *
 * @param name what clients are told when it fails, e.g. {@code mount /proc}
 * @param path what it acts on, or null
 * @param args as {@link Op#signature()} wants them: Long, String, List of String, or Blob
 */
public record Step(String name, String path, Op op, List<Object> args) {
  public Step {
    args = List.copyOf(args);
    if (!fits(args, op.signature())) {
      throw new IllegalArgumentException(op + " wants (" + op.signature() + "), got " + args);
    }
  }

  private static boolean fits(List<Object> args, String signature) {
    if (args.size() != signature.length()) {
      return false;
    }
    for (int i = 0; i < args.size(); i++) {
      if (letter(args.get(i)) != signature.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static char letter(Object arg) {
    if (arg instanceof Long) {
      return 'i';
    }
    if (arg instanceof String) {
      return 's';
    }
    return arg instanceof List ? 'v' : arg instanceof Blob ? 'b' : '?';
  }

  /** As golden tests and {@code dryRun} show it. */
  @Override
  public String toString() {
    return op.name().toLowerCase(Locale.ROOT)
        + args.stream()
            .map(
                a ->
                    a instanceof Long n
                        ? Step.number(op, n)
                        : a instanceof String s ? '"' + s + '"' : a.toString())
            .collect(Collectors.joining(", ", "(", ")"));
  }

  private static String number(Op op, long n) {
    return Math.abs(n) < 4096 && op != Op.CLONE && op != Op.CLONE_INTO
        ? Long.toString(n)
        : "0x" + Long.toHexString(n);
  }
}
