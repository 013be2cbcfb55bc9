package io.sandboxd.cgroup;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;

/**
 * Writes limits to one group; what the kernel refuses becomes an error that names the field.
 *
 * @param fresh nothing was limited there yet, so that "unlimited" need not be written
 */
record Limits(GroupDirectory group, boolean fresh) {

  /**
   * @param field the limit's JSON path
   * @param value null: no limit
   * @param unlimited what the kernel takes for that
   */
  void set(String field, String file, Object value, String unlimited) {
    if (value != null) {
      write(field, file, value.toString());
    } else if (!fresh && group.has(file)) {
      write(field, file, unlimited);
    }
  }

  void write(String field, String file, String text) {
    try {
      group.write(file, text);
    } catch (ErrnoException e) {
      throw refused(field, text, e);
    }
  }

  private static SandboxException refused(String field, String text, ErrnoException e) {
    boolean busy = e.errno() == Errno.EBUSY;
    String reason =
        busy
            ? "the sandbox uses more than that now, or a group made inside it asks for more"
            : "the kernel refused '" + text.strip() + "': " + e.getMessage();
    return refusal(busy ? ErrorCode.BUSY : ErrorCode.LAUNCH_FAILED, field, reason, e);
  }

  /** What the kernel has refused, with all that a client may want to know of it. */
  static SandboxException refusal(ErrorCode code, String field, String reason, ErrnoException e) {
    return new SandboxException(code, field + ": " + reason, e)
        .with("field", field)
        .with("step", "cgroup")
        .with("syscall", e.syscall())
        .with("path", e.path())
        .with("errno", e.errno())
        .with("errnoName", e.errnoName());
  }
}
