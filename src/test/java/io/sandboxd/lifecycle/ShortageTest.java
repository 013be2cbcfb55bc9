package io.sandboxd.lifecycle;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.Test;

class ShortageTest {
  private static SandboxException refusal(int errno) {
    return new SandboxException(ErrorCode.LAUNCH_FAILED, "refused").with("errno", errno);
  }

  @Test
  void whatTheKernelHasTooLittleOf() {
    assertTrue(Shortage.isIn(refusal(Errno.ENOSPC)));
    assertTrue(Shortage.isIn(new ErrnoException("posix_spawn", null, Errno.EAGAIN)));
    assertTrue(Shortage.isIn(new ErrnoException("open", "/proc/1/ns/user", Errno.EMFILE)));
    assertTrue(Shortage.isIn(new UncheckedIOException(new IOException("No space left on device"))));
  }

  @Test
  void whatMoreRoomWouldNotHelp() {
    assertFalse(Shortage.isIn(refusal(Errno.EPERM)));
    assertFalse(Shortage.isIn(SandboxException.invalid("name", "is taken")));
    assertFalse(Shortage.isIn(new ErrnoException("mount", "/proc", Errno.EINVAL)));
    assertFalse(Shortage.isIn(new UncheckedIOException(new IOException("Not a directory"))));
    assertFalse(Shortage.isIn(new IllegalStateException()));
  }
}
