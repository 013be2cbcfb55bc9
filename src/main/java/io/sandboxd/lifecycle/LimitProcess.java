package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroup;
import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.registry.SandboxProcess;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Gives a process limits of its own: a cgroup below that of its sandbox. */
public final class LimitProcess {
  /**
   * @param procs the files by which a process enters the group; none without limits
   */
  record Group(List<Fd> procs) implements AutoCloseable {
    @Override
    public void close() {
      procs.forEach(Fd::close);
    }
  }

  private final Syscalls syscalls;
  private final Cgroups cgroups;

  public LimitProcess(Syscalls syscalls, Cgroups cgroups) {
    this.syscalls = syscalls;
    this.cgroups = cgroups;
  }

  /**
   * The files are opened here because the process, which writes to them as it is born, may not do
   * so by itself: the kernel asks who opened them.
   *
   * @param limits null: none of its own
   * @throws SandboxException {@code invalid_spec}, {@code launch_failed}; no group is left then
   */
  Group prepare(SandboxProcess process, Resources limits) {
    List<Fd> procs = new ArrayList<>();
    if (limits == null) {
      return new Group(procs);
    }
    Cgroup group = sandbox(process).createChild(name(process), limits);
    try {
      for (Path file : group.entrances()) {
        procs.add(syscalls.open(file.toString(), Syscalls.O_WRONLY, 0));
      }
      return new Group(procs);
    } catch (RuntimeException e) {
      procs.forEach(Fd::close);
      group.tryRemove();
      throw e;
    }
  }

  private Cgroup sandbox(SandboxProcess process) {
    return cgroups.of(process.sandbox().id());
  }

  private static String name(SandboxProcess process) {
    return "process-" + process.seq();
  }

  /** Bytes; null if it has no group of its own. */
  Long memoryPeak(SandboxProcess process) {
    if (!process.status().terms().ownCgroup()) {
      return null;
    }
    try {
      var memory = sandbox(process).child(name(process)).figures().totals().memory();
      return memory == null ? null : memory.peak();
    } catch (ErrnoException e) {
      return null;
    }
  }

  /** Whether the kernel has killed something in its group for want of memory. */
  boolean wasOutOfMemory(SandboxProcess process) {
    try {
      return process.status().terms().ownCgroup()
          && sandbox(process).child(name(process)).figures().oomKills() > 0;
    } catch (ErrnoException e) {
      return false;
    }
  }

  /** If something that it has started is still in its group, that stays as long as the sandbox. */
  void forget(SandboxProcess process) {
    if (process.status().terms().ownCgroup()) {
      sandbox(process).child(name(process)).tryRemove();
    }
  }
}
