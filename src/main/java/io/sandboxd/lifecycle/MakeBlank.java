package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroup;
import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.launch.BlankKind;
import io.sandboxd.launch.InitChannel;
import io.sandboxd.launch.LaunchPlanner;
import io.sandboxd.launch.Plan;
import io.sandboxd.launch.Usage;
import io.sandboxd.linux.EpollLoop;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.registry.StateDirectory;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec.IdMappings;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/** Makes blanks, and takes away those that nobody wants. */
public final class MakeBlank implements Blanks.Maker {
  private static final Logger LOG = Logger.getLogger(MakeBlank.class);

  private final Syscalls syscalls;
  private final StateDirectory directory;
  private final Cgroups cgroups;
  private final IdRanges idRanges;
  private final LaunchInit launch;
  private final Inits inits;
  private final OpenSources openSources;
  private final EpollLoop reaper;

  public MakeBlank(
      Syscalls syscalls,
      StateDirectory directory,
      Cgroups cgroups,
      IdRanges idRanges,
      LaunchInit launch,
      Inits inits,
      OpenSources openSources,
      EpollLoop reaper) {
    this.syscalls = syscalls;
    this.directory = directory;
    this.cgroups = cgroups;
    this.idRanges = idRanges;
    this.launch = launch;
    this.inits = inits;
    this.openSources = openSources;
    this.reaper = reaper;
  }

  @Override
  public Blank make(BlankKind kind, String id, Consumer<String> whenLost) {
    IdMappings ids = null;
    Map<NamespaceType, Long> namespaces = new EnumMap<>(NamespaceType.class);
    AtomicReference<InitChannel> channel = new AtomicReference<>();
    try {
      directory.createBlank(id); // that it was begun is on file before anything else is there
      Fault.BLANK_NOTED.here((Integer) null);
      ids = kind.has(NamespaceType.USER) ? idRanges.take() : null;
      Cgroup cgroup = cgroups.create(id);
      Fault.BLANK_CGROUP.here((Integer) null);
      Plan plan = LaunchPlanner.enterBlank(kind, cgroup.entrances());
      Path socket = directory.blankSocket(id);
      LaunchInit.Launched init =
          launch.launch(
              socket,
              null,
              ids,
              () -> {
                channel.set(new InitChannel(syscalls, socket.toString(), null, new Deaf()));
                // It so is noticed as well when init is killed.
                channel.get().watch(reaper, () -> whenLost.accept(id));
                int pid = enter(channel.get(), plan);
                namespaces.putAll(NamespacesOfProcess.inodes(pid, kind.namespaces()));
                return pid;
              },
              Fault.BLANK_SPAWNED,
              Fault.BLANK_ENTERED);
      Fault.BLANK_MADE.here(init.pid());
      return new Blank(kind, id, cgroup, ids, namespaces, init, channel.get(), System.nanoTime());
    } catch (RuntimeException e) {
      putAway(id, channel.get(), null, ids);
      throw e;
    }
  }

  private int enter(InitChannel channel, Plan plan) {
    // Nothing but control files of its cgroup: so it does not matter which sandbox it will be, and
    // whose.
    List<Fd> fds = openSources.open(null, plan.fds(), null);
    try {
      return channel.run(plan, fds, () -> {});
    } finally {
      fds.forEach(Fd::close);
    }
  }

  @Override
  public boolean isAlive(Blank blank) {
    return !syscalls.poll(blank.init().pidfd(), Syscalls.EPOLLIN, 0);
  }

  @Override
  public void putAway(Blank blank) {
    putAway(blank.id(), blank.channel(), blank.init().pidfd(), blank.ids());
  }

  /** Each may be null, if it was not had yet. */
  private void putAway(String id, InitChannel channel, Fd pidfd, IdMappings ids) {
    if (channel != null) {
      channel.close();
    }
    if (pidfd != null && pidfd.isOpen()) { // else it was ended as a sandbox's
      attempt(id, () -> inits.end(pidfd));
    }
    idRanges.giveBack(ids);
  }

  @Override
  public boolean clear(String id) {
    Cgroup cgroup = cgroups.of(id);
    // The place in the state directory last: it is what tells of the rest.
    return attempt(id, cgroup::kill)
        && attempt(id, cgroup::remove)
        && attempt(id, () -> directory.deleteBlank(id));
  }

  private static boolean attempt(String id, Runnable step) {
    try {
      step.run();
      return true;
    } catch (SandboxException | ErrnoException | UncheckedIOException e) {
      LOG.warnf("What is left of blank %s cannot be taken away: %s", id, e.getMessage());
      return false;
    }
  }

  /** An init without processes has nothing to say. */
  private static final class Deaf implements InitChannel.Listener {
    @Override
    public void running(int process, int pidInside, Fd pidfd) {
      pidfd.close();
    }

    @Override
    public void kept(int process, Fd fd) {
      fd.close();
    }

    @Override
    public void spawned(int process, Integer pid, int pidInside) {}

    @Override
    public void exited(int process, int waitStatus, Usage usage, Instant at) {}

    @Override
    public void ready(int initPid) {}

    @Override
    public void lost(String why) {}

    @Override
    public void strange(String why) {}
  }
}
