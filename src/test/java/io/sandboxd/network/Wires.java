package io.sandboxd.network;

import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Libc;
import io.sandboxd.linux.Syscalls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Network namespaces that end with the test: hosts of its own, and nothing of this one changes. */
public final class Wires implements AutoCloseable {
  static final Libc LIBC = new Libc();

  private final List<Process> holders = new ArrayList<>();
  private final List<Fd> open = new ArrayList<>();

  /** A host. */
  public static final class Host {
    private final Process holder;
    private final Fd namespace;

    private Host(Process holder, Fd namespace) {
      this.holder = holder;
      this.namespace = namespace;
    }

    Fd namespace() {
      return namespace;
    }

    /** A file by which others can enter it. */
    public String path() {
      return "/proc/" + holder.pid() + "/ns/net";
    }

    NetworkNamespace network() {
      return new NetworkNamespace(LIBC, namespace);
    }

    /** What a command says there, which must succeed. */
    public String run(String... command) {
      try {
        Process process = start(command);
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
          throw new IllegalStateException(List.of(command) + ": " + said);
        }
        return said;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    /** A command there, all of what it says in one stream. */
    public Process start(String... command) throws IOException {
      List<String> line = new ArrayList<>(List.of("nsenter", "--net=" + path()));
      line.addAll(List.of(command));
      return new ProcessBuilder(line).redirectErrorStream(true).start();
    }
  }

  /** A new one, with its loopback on. */
  public Host host() {
    try {
      Process holder =
          new ProcessBuilder("unshare", "--net", "sh", "-c", "ip link set lo up; echo up; exec cat")
              .start();
      holders.add(holder);
      if (holder.getInputStream().read() < 0) {
        throw new IllegalStateException("no network namespace");
      }
      Fd namespace = LIBC.open("/proc/" + holder.pid() + "/ns/net", Syscalls.O_RDONLY, 0);
      open.add(namespace);
      return new Host(holder, namespace);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    open.forEach(Fd::close);
    holders.forEach(Process::destroyForcibly);
  }
}
