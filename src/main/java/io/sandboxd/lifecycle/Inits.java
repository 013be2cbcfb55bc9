package io.sandboxd.lifecycle;

import io.sandboxd.launch.InitChannel;
import io.sandboxd.linux.EpollLoop;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.StateDirectory;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * The daemon's hold on the init of each sandbox: the conversation, and a descriptor that names the
 * process for sure.
 */
public final class Inits {
  private static final Logger LOG = Logger.getLogger(Inits.class);

  private final Syscalls syscalls;
  private final EpollLoop reaper;
  private final ScheduledExecutorService timer;
  private final StateDirectory directory;
  private final Map<String, InitChannel> channels = new ConcurrentHashMap<>();
  private final Map<String, Fd> pidfds = new ConcurrentHashMap<>();

  public Inits(
      Syscalls syscalls,
      EpollLoop reaper,
      ScheduledExecutorService timer,
      StateDirectory directory) {
    this.syscalls = syscalls;
    this.reaper = reaper;
    this.timer = timer;
    this.directory = directory;
  }

  /**
   * Begins the conversation; the listener hears of what init says unasked. Should it break off
   * while init lives, it is begun again until it holds: init then tells all that is not
   * acknowledged.
   */
  InitChannel connect(Sandbox sandbox, InitChannel.Listener listener) {
    InitChannel channel = open(sandbox, listener);
    channels.put(sandbox.id(), channel);
    watch(sandbox, channel, listener);
    return channel;
  }

  /** Goes on with a conversation that was begun with a blank. */
  void adopt(Sandbox sandbox, InitChannel channel, InitChannel.Listener listener) {
    channel.tell(listener);
    channels.put(sandbox.id(), channel);
    watch(sandbox, channel, listener);
  }

  private InitChannel open(Sandbox sandbox, InitChannel.Listener listener) {
    String socket = directory.initSocket(sandbox.id()).toString();
    return new InitChannel(syscalls, socket, sandbox.status().pid(), listener);
  }

  private void watch(Sandbox sandbox, InitChannel channel, InitChannel.Listener listener) {
    channel.watch(reaper, () -> connectLater(sandbox, channel, listener));
  }

  private void connectLater(Sandbox sandbox, InitChannel broken, InitChannel.Listener listener) {
    var unused =
        timer.schedule(
            () -> reaper.execute(() -> connectAgain(sandbox, broken, listener)),
            Timeouts.RECONNECT.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /** Not while {@link #kill} takes the connection away for good. */
  private synchronized void connectAgain(
      Sandbox sandbox, InitChannel broken, InitChannel.Listener listener) {
    if (channels.get(sandbox.id()) != broken || broken.isStrange() || !isAlive(sandbox)) {
      return;
    }
    broken.close();
    try {
      InitChannel channel = open(sandbox, listener);
      channels.put(sandbox.id(), channel);
      watch(sandbox, channel, listener);
      LOG.infof("Sandbox %s: its init can be heard again.", sandbox.name());
    } catch (ErrnoException e) {
      connectLater(sandbox, channels.get(sandbox.id()), listener);
    }
  }

  private synchronized void disconnect(Sandbox sandbox) {
    InitChannel channel = channels.remove(sandbox.id());
    if (channel != null) {
      channel.close();
    }
  }

  /**
   * Has an init end that was started and never told anything, as nobody may know its pid: one that
   * has made no namespaces yet goes with its first connection.
   */
  void dismiss(Sandbox sandbox) {
    dismiss(directory.initSocket(sandbox.id()));
  }

  void dismiss(Path socket) {
    try {
      syscalls.connectSeqpacket(socket.toString()).close();
    } catch (ErrnoException e) {
      // There is none.
    }
  }

  /**
   * @throws SandboxException {@code wrong_state} when there is no init to talk to
   */
  InitChannel channel(Sandbox sandbox) {
    InitChannel channel = channels.get(sandbox.id());
    if (channel == null) {
      throw SandboxException.wrongState(
          "The sandbox '" + sandbox.name() + "' has no init any more: delete it.");
    }
    return channel;
  }

  /** Holds on to the process, and watches for its end. */
  void hold(Sandbox sandbox, Fd pidfd, Runnable whenDead) {
    pidfds.put(sandbox.id(), pidfd);
    reaper.watch(
        pidfd,
        () -> {
          reaper.forget(pidfd);
          synchronized (pidfd) {
            if (!pidfd.isOpen()) {
              return; // it was us
            }
            syscalls.reap(pidfd);
          }
          whenDead.run();
        });
  }

  boolean isAlive(Sandbox sandbox) {
    Fd pidfd = pidfds.get(sandbox.id());
    return pidfd != null && !hasEnded(pidfd, 0);
  }

  /**
   * Opens a file below {@code /proc/PID} of init, and makes sure that the pid was init's when that
   * happened.
   *
   * @param name e.g. {@code root} or {@code ns/user}
   */
  Fd openProc(Sandbox sandbox, String name, int flags) {
    Fd fd = syscalls.open("/proc/" + sandbox.status().pid() + "/" + name, flags, 0);
    try {
      requireInit(sandbox);
    } catch (SandboxException e) {
      fd.close();
      throw e;
    }
    return fd;
  }

  /**
   * Makes sure that the pid of init is its own at this moment.
   *
   * @throws SandboxException {@code wrong_state} when there is none any more
   */
  void requireInit(Sandbox sandbox) {
    if (!isAlive(sandbox) || sandbox.status().pid() == null) {
      throw SandboxException.wrongState(
          "The sandbox '" + sandbox.name() + "' has no living init: delete it.");
    }
  }

  /**
   * What a failure amounts to: all kinds of things fail, without a good word, once init is dead.
   */
  RuntimeException reason(Sandbox sandbox, RuntimeException failure) {
    boolean told = failure instanceof SandboxException;
    return told || !isDying(sandbox) ? failure : died(sandbox, failure);
  }

  /** A process lets its namespaces and its root go some time before it is seen to be dead. */
  private boolean isDying(Sandbox sandbox) {
    Fd pidfd = pidfds.get(sandbox.id());
    boolean had = sandbox.status().pid() != null;
    return had && (pidfd == null || hasEnded(pidfd, Timeouts.DYING_MILLIS));
  }

  private boolean hasEnded(Fd pidfd, int millis) {
    synchronized (pidfd) {
      return !pidfd.isOpen() || syscalls.poll(pidfd, Syscalls.EPOLLIN, millis);
    }
  }

  /**
   * @throws SandboxException {@code launch_failed}
   */
  void requireAlive(Sandbox sandbox) {
    if (!isAlive(sandbox)) {
      throw died(sandbox, null);
    }
  }

  private static SandboxException died(Sandbox sandbox, RuntimeException cause) {
    return new SandboxException(
            ErrorCode.LAUNCH_FAILED,
            "The init of the sandbox '" + sandbox.name() + "' was killed meanwhile.",
            cause)
        .with("step", "init");
  }

  /**
   * Kills init, and with it all of a pid namespace of its own; waits for the end. Harmless when
   * there is none.
   */
  void kill(Sandbox sandbox) {
    disconnect(sandbox);
    Fd pidfd = pidfds.remove(sandbox.id());
    if (pidfd != null) {
      reaper.forget(pidfd);
      end(pidfd);
    }
  }

  /** Kills a process and waits until it is gone. */
  void end(Fd pidfd) {
    try {
      if (syscalls.pidfdSendSignal(pidfd, 9)) {
        syscalls.poll(pidfd, Syscalls.EPOLLIN, Timeouts.KILL_MILLIS);
      }
      syscalls.reap(pidfd);
    } finally {
      // Not while others look at it: a number that was closed may be another's at once.
      synchronized (pidfd) {
        pidfd.close();
      }
    }
  }
}
