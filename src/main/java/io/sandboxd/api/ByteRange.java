package io.sandboxd.api;

import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The header Range (RFC 9110, 14.1.2): {@code bytes=0-499}, {@code bytes=500-} or, for the last
 * ones, {@code bytes=-500}.
 *
 * @param first null with {@code last}
 * @param length null: all there are
 * @param last so many at the end, or null
 */
record ByteRange(Long first, Long length, Long last) {
  private static final Pattern ONE = Pattern.compile("bytes=(\\d{1,18})?-(\\d{1,18})?");

  /**
   * Null when there is none, or one that is not understood: the RFC has such a header ignored, and
   * all of it sent.
   */
  static ByteRange of(String header) {
    Matcher matcher = header == null ? null : ONE.matcher(header.strip());
    if (matcher == null || !matcher.matches()) {
      return null;
    }
    Long first = matcher.group(1) == null ? null : Long.valueOf(matcher.group(1));
    Long second = matcher.group(2) == null ? null : Long.valueOf(matcher.group(2));
    if (first == null) {
      return second == null ? null : new ByteRange(null, null, second);
    }
    if (second == null) {
      return new ByteRange(first, null, null);
    }
    return second < first ? null : new ByteRange(first, second - first + 1, null);
  }

  static SandboxException unsatisfiable(long size) {
    return new SandboxException(
            ErrorCode.RANGE_NOT_SATISFIABLE,
            "Range: none of it is in the output, which has " + size + " bytes so far")
        .with("field", "Range")
        .with("size", size);
  }
}
