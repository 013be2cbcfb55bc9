package io.sandboxd.linux;

/** A system call's refusal (errno(3)). */
public final class ErrnoException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String syscall;
  private final String path;
  private final int errno;

  /**
   * @param path what it was called on, or null
   */
  public ErrnoException(String syscall, String path, int errno) {
    super(
        syscall
            + (path == null ? "" : " " + path)
            + ": "
            + Errno.name(errno)
            + " ("
            + Errno.message(errno)
            + ")");
    this.syscall = syscall;
    this.path = path;
    this.errno = errno;
  }

  public String syscall() {
    return syscall;
  }

  public String path() {
    return path;
  }

  public int errno() {
    return errno;
  }

  public String errnoName() {
    return Errno.name(errno);
  }
}
