package io.sandboxd.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteRangeTest {
  @Test
  void firstAndLastAreBothMeant() {
    assertEquals(new ByteRange(0L, 500L, null), ByteRange.of("bytes=0-499"));
    assertEquals(new ByteRange(7L, 1L, null), ByteRange.of("bytes=7-7"));
    assertEquals(new ByteRange(7L, 1L, null), ByteRange.of("  bytes=7-7 "));
  }

  @Test
  void eitherMayBeLeftOut() {
    assertEquals(new ByteRange(500L, null, null), ByteRange.of("bytes=500-"));
    assertEquals(new ByteRange(null, null, 500L), ByteRange.of("bytes=-500"));
    assertEquals(new ByteRange(null, null, 0L), ByteRange.of("bytes=-0"));
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=5-3",
        "bytes=a-b",
        "bytes=0-1,2-3",
        "bytes=1--2",
        "bytes=0x1-2",
        "bytes=1-9999999999999999999",
        "lines=0-1",
        "0-1"
      })
  void whatIsNotUnderstoodIsNone(String header) {
    assertNull(ByteRange.of(header));
  }

  @Test
  void unsatisfiableSaysHowMuchThereIs() {
    SandboxException failure = ByteRange.unsatisfiable(12);
    assertEquals(ErrorCode.RANGE_NOT_SATISFIABLE, failure.code());
    assertEquals(12L, failure.fields().get("size"));
  }
}
