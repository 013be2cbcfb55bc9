package io.sandboxd.process;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.linux.Syscalls.Device;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;

/**
 * A pseudo terminal (pty(7)) of a sandbox's own devpts.
 *
 * @param master the daemon's side; does not block
 * @param slave the process's side
 */
public record Terminal(Fd master, Fd slave) implements AutoCloseable {
  private static final String MULTIPLEXER = "dev/pts/ptmx";

  /** Documentation/admin-guide/devices.txt of the kernel. */
  private static final Device PTMX = new Device(5, 2);

  /**
   * Opens a new one. What is at the path inside is up to the sandbox, so it is looked at before it
   * is opened for real; the other end is then had from the kernel, not from a path.
   *
   * @param root of the sandbox
   * @param uid whom it shall belong to, on the host
   * @throws SandboxException {@code launch_failed} when the sandbox has no devpts, or no terminal
   *     left
   */
  public static Terminal open(Syscalls syscalls, Fd root, long uid, int rows, int columns) {
    int within = Syscalls.RESOLVE_IN_ROOT | Syscalls.RESOLVE_NO_MAGICLINKS;
    Fd master = null;
    try (Fd found = syscalls.openat2(root, MULTIPLEXER, Syscalls.O_PATH, within)) {
      if (syscalls.fileSystemType(found) != Syscalls.DEVPTS_SUPER_MAGIC
          || !syscalls.state(found).device().equals(PTMX)) {
        throw new ErrnoException("openat2", "/" + MULTIPLEXER, Errno.ENODEV);
      }
      master = syscalls.open(found.procPath(), Syscalls.O_RDWR | Syscalls.O_NONBLOCK, 0);
      Fd slave = syscalls.terminalPeer(master);
      Terminal terminal = new Terminal(master, slave);
      master = null;
      try {
        syscalls.fchown(slave, uid, -1);
        syscalls.setWindowSize(slave, rows, columns);
        return terminal;
      } catch (RuntimeException e) {
        terminal.close();
        throw e;
      }
    } catch (ErrnoException e) {
      if (master != null) {
        master.close();
      }
      throw refused(e);
    }
  }

  private static SandboxException refused(ErrnoException e) {
    return new SandboxException(
            ErrorCode.LAUNCH_FAILED,
            "tty: no terminal can be made in the sandbox's /dev/pts: "
                + e.syscall()
                + " gave "
                + e.errnoName()
                + "; it takes a devpts mounted there.",
            e)
        .with("step", "open terminal")
        .with("field", "tty")
        .with("syscall", e.syscall())
        .with("path", "/" + MULTIPLEXER)
        .with("errno", e.errno())
        .with("errnoName", e.errnoName());
  }

  @Override
  public void close() {
    master.close();
    slave.close();
  }
}
