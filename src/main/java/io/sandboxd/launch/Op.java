package io.sandboxd.launch;

/**
 * The operations that sandbox-init knows; the table in {@code src/main/c} is its other half. Each
 * is one system call, or a few that belong together.
 *
 * <p>A signature has a letter per argument: {@code i} a 64-bit integer (slots are integers too),
 * {@code s} a string, {@code v} a list of strings, {@code b} bytes.
 */
public enum Op {
  WRITE_FD(1, "is"),
  WRITE_FILE(2, "ss"),
  SETNS(3, "ii"),
  UNSHARE(4, "i"),
  CLONE(5, "i"),
  IDS(6, "ii"),
  MOUNT(7, "sssis"),
  OPEN(8, "isi"),
  OPEN_TREE(9, "isi"),
  MOUNT_SETATTR(10, "isiiii"),
  NEW_MOUNT(11, "isvi"),
  ATTACH(12, "iis"),
  MAKE_DIRS(13, "isi"),
  MAKE_FILE(14, "is"),
  SYMLINK(15, "iss"),
  FCHDIR(16, "i"),
  PIVOT_ROOT(17, "ss"),
  UMOUNT(18, "si"),
  CHDIR(19, "s"),
  HOSTNAME(20, "s"),
  DOMAINNAME(21, "s"),
  LINK_UP(22, "s"),
  CLOSE(23, "i"),
  KEYRING(24, ""),
  SAVED_GID(25, "i"),
  NAME(26, "s"),
  CLONE_INTO(27, "ii"),
  STDIO(32, "iii"),
  SETSID(33, ""),
  RLIMIT(34, "iii"),
  UMASK(35, "i"),
  GROUPS(36, "v"),
  USER(37, "ii"),
  BOUNDING(38, "i"),
  CAPABILITIES(39, "iii"),
  AMBIENT(40, "i"),
  KEEP_CAPS(41, ""),
  NO_NEW_PRIVS(42, ""),
  EXEC(43, "vvv"),
  TERMINAL(44, ""),
  SECCOMP(45, "ib");

  private final int code;
  private final String signature;

  Op(int code, String signature) {
    this.code = code;
    this.signature = signature;
  }

  /** The number on the wire. */
  public int code() {
    return code;
  }

  public String signature() {
    return signature;
  }
}
