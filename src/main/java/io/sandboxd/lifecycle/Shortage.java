package io.sandboxd.lifecycle;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.sandbox.SandboxException;
import java.io.UncheckedIOException;

/** Whether something failed because the kernel has too little of something. */
final class Shortage {
  private Shortage() {}

  static boolean isIn(RuntimeException failure) {
    if (failure instanceof SandboxException refused) {
      return refused.fields().get("errno") instanceof Integer errno && isOne(errno);
    }
    if (failure instanceof ErrnoException refused) {
      return isOne(refused.errno());
    }
    return failure instanceof UncheckedIOException e && isOne(Errno.of(e.getCause()));
  }

  /** A process more than there may be is EAGAIN (fork(2)). */
  private static boolean isOne(int errno) {
    return Errno.isShortage(errno) || errno == Errno.EAGAIN;
  }
}
