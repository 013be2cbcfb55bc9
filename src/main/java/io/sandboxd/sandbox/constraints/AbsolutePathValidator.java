package io.sandboxd.sandbox.constraints;

import jakarta.validation.ConstraintValidator;
import jakarta.validation.ConstraintValidatorContext;

/** Checks {@link AbsolutePath}, also for those who have the path in another shape than a field. */
public final class AbsolutePathValidator implements ConstraintValidator<AbsolutePath, String> {
  private boolean normalised;

  @Override
  public void initialize(AbsolutePath path) {
    normalised = path.normalised();
  }

  @Override
  public boolean isValid(String value, ConstraintValidatorContext context) {
    return value == null || Violations.none(fault(value, normalised), context);
  }

  /** What is wrong with a path, to be said after its field's name, or null if nothing is. */
  public static String fault(String path, boolean normalised) {
    if (!path.startsWith("/")) {
      return "must be an absolute path, one that begins with a slash";
    }
    if (path.indexOf('\0') >= 0) {
      return "has a NUL character, which no path can hold: leave it out";
    }
    long bytes = Utf8.length(path);
    if (bytes < 0) {
      return "has half of a surrogate pair, which is no character";
    }
    if (bytes > AbsolutePath.MAX_BYTES) {
      return "must have at most " + AbsolutePath.MAX_BYTES + " bytes in UTF-8, but has " + bytes;
    }
    if (normalised && path.equals("/")) {
      return "must be below the root directory; what the root is, the field root says";
    }
    if (normalised && !isNormalised(path)) {
      return "must be a path without empty parts, without . and .. and without a slash at its end";
    }
    return null;
  }

  private static boolean isNormalised(String path) {
    for (String part : path.substring(1).split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..")) {
        return false;
      }
    }
    return true;
  }
}
