package io.sandboxd.sandbox;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.annotation.JsonValue;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;

/**
 * What an exec with {@code wait} answers: the process, and the beginning of what it wrote.
 *
 * @param stdout as text, or in Base64 when either of the two is not UTF-8
 * @param stdoutTruncated there was more than {@code maxOutput}; all of it is in the process's
 *     output log
 */
public record ExecResult(
    @JsonUnwrapped ProcessStatus process,
    String stdout,
    String stderr,
    boolean stdoutTruncated,
    boolean stderrTruncated,
    Encoding encoding) {

  /** How {@code stdout} and {@code stderr} are to be read. */
  public enum Encoding {
    UTF_8,
    BASE64;

    /** {@code utf-8} or {@code base64}. */
    @JsonValue
    public String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** Chooses the encoding by what the bytes are. */
  public static ExecResult of(
      ProcessStatus process,
      byte[] stdout,
      boolean stdoutTruncated,
      byte[] stderr,
      boolean stderrTruncated) {
    Optional<String> out = text(stdout, stdoutTruncated);
    Optional<String> err = text(stderr, stderrTruncated);
    if (out.isPresent() && err.isPresent()) {
      return new ExecResult(
          process, out.get(), err.get(), stdoutTruncated, stderrTruncated, Encoding.UTF_8);
    }
    Base64.Encoder base64 = Base64.getEncoder();
    return new ExecResult(
        process,
        base64.encodeToString(stdout),
        base64.encodeToString(stderr),
        stdoutTruncated,
        stderrTruncated,
        Encoding.BASE64);
  }

  /**
   * Empty if it is not UTF-8. A last character that the limit cut in two does not make it so: it is
   * left out.
   */
  private static Optional<String> text(byte[] bytes, boolean truncated) {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    CharBuffer chars = CharBuffer.allocate(bytes.length);
    CoderResult result = decoder.decode(ByteBuffer.wrap(bytes), chars, !truncated);
    return result.isError() ? Optional.empty() : Optional.of(chars.flip().toString());
  }
}
