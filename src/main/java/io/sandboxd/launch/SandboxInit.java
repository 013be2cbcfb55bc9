package io.sandboxd.launch;

import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.SandboxSpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * The helper program, as it ships in the jar, ready to be run. It lies in a sealed memfd, so that
 * nothing that gets hold of it inside a sandbox can change it for the next one (CVE-2019-5736).
 */
public final class SandboxInit implements AutoCloseable {
  private static final String RESOURCE = "/native/sandbox-init";
  private static final String PROGRAM = "sandbox-init";

  /** For the longest name there can be. */
  private static final String ROOM = "(blank)" + " ".repeat(SandboxSpec.LONGEST_NAME - 6);

  private final Syscalls syscalls;
  private final Fd executable;

  public SandboxInit(Syscalls syscalls) {
    this.syscalls = syscalls;
    try (InputStream in = SandboxInit.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException("The build left out " + RESOURCE + ".");
      }
      this.executable = syscalls.sealedMemfd(PROGRAM, in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Starts one, which waits for a connection at the socket.
   *
   * @param socketPath where it shall listen, for the rest of its life
   * @param name for people who read ps(1); null for one that is given it later ({@link Op#NAME}):
   *     as long as it has none, it ends with its connection
   * @return the pid of the child that will be gone once the namespaces are entered
   */
  public int start(String socketPath, String name) {
    // One argument, as a name that comes later can be put only there.
    List<String> args = name == null ? List.of(PROGRAM, ROOM) : List.of(PROGRAM + " " + name);
    try (Fd listener = syscalls.listenSeqpacket(socketPath)) {
      return syscalls.spawn(executable, args, listener);
    }
  }

  @Override
  public void close() {
    executable.close();
  }
}
