package io.sandboxd.launch;

import io.sandboxd.linux.EpollLoop;
import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.ReadInTurn;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The daemon's end of the conversation with one sandbox-init. Any thread may ask. One at a time
 * reads ({@link #onReadable}), the reaper's or one that waits: it completes what was asked, and
 * passes on what init says unasked.
 */
public final class InitChannel implements AutoCloseable {
  private static final int RUN = 1;
  private static final int SPAWN = 2;
  private static final int ACK = 3;
  private static final int SIGNAL = 4;
  private static final int RELEASE = 5;

  private static final int SIGKILL = 9;

  /** The largest message that init takes, bytes. */
  static final int MAX_MESSAGE = 1024 * 1024;

  /**
   * Marks the tag of a request that is about no process, so that the two kinds of numbers never
   * meet.
   */
  private static final int NO_PROCESS = 0x80000000;

  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(60);

  /**
   * Told what init says by itself, by the thread that reads it: the reaper's, or one that waits.
   */
  public interface Listener {
    /**
     * A process lives on that was spawned before this connection was made. The pidfd is the
     * listener's now.
     */
    void running(int process, int pidInside, Fd pidfd);

    /**
     * What init has kept for a process that was spawned before this connection was made: told
     * before anything else of that process. The descriptor is the listener's now.
     */
    void kept(int process, Fd fd);

    /** What was to be spawned runs; told before its spawn is back, and before it has exited. */
    void spawned(int process, Integer pid, int pidInside);

    /** May be told again after a reconnect, until it is acknowledged. */
    void exited(int process, int waitStatus, Usage usage, Instant at);

    /** Everything from before the connection has been told. */
    void ready(int initPid);

    /** Init is gone, or talks nonsense. */
    void lost(String why);

    /** Who is at the other end is somebody else, of whom nothing was heard nor will be. */
    void strange(String why);
  }

  private final Syscalls syscalls;
  private final Fd socket;
  private final Integer init;
  private volatile Listener listener;
  private final AtomicInteger requests = new AtomicInteger();
  private final Map<Integer, CompletableFuture<InitMessage>> pending = new ConcurrentHashMap<>();
  private final Map<Integer, Integer> born = new ConcurrentHashMap<>();
  private final Object io = new Object();
  private final ReadInTurn reading;
  private volatile boolean closed;
  private volatile boolean strange;

  /**
   * @param path of init's listening socket
   * @param init its pid on the host; null when nobody knows it yet
   */
  public InitChannel(Syscalls syscalls, String path, Integer init, Listener listener) {
    this.syscalls = syscalls;
    this.init = init;
    this.socket = syscalls.connectSeqpacket(path);
    this.listener = listener;
    this.reading = new ReadInTurn(syscalls, socket, this::onReadable);
  }

  /** From now on it is this one who hears of what init says unasked. */
  public void tell(Listener other) {
    listener = other;
  }

  /**
   * Has a loop read what init says.
   *
   * @param whenOver the conversation is over; the listener knows already
   */
  public void watch(EpollLoop loop, Runnable whenOver) {
    reading.watch(loop, whenOver);
  }

  /**
   * Waits for what is to come of something that init says.
   *
   * @throws TimeoutException when it has not come by then
   */
  public <T> T await(Future<T> wanted, Duration limit)
      throws InterruptedException, ExecutionException, TimeoutException {
    return reading.await(wanted, limit);
  }

  /**
   * Has init run the steps, and waits for the end.
   *
   * @param meanwhile what can be done while the kernel works; if it throws, what becomes of the
   *     steps is not known
   * @return init's pid on the host
   * @throws SandboxException {@code launch_failed} with the step that the kernel refused
   */
  public int run(Plan plan, List<Fd> fds, Runnable meanwhile) {
    int tag = NO_PROCESS | requests.incrementAndGet();
    InitMessage answer = ask(tag, PlanEncoder.encode(RUN, tag, plan.steps()), fds, meanwhile);
    if (answer instanceof InitMessage.Done done) {
      return done.initPid();
    }
    throw failure(plan.steps(), answer);
  }

  /**
   * Has init run a process; back when it has been exec'd.
   *
   * @param process a number that no other process of this sandbox has had
   * @param keep which of the descriptors init shall keep a copy of until the process's end is
   *     acknowledged; -1: none
   * @param meanwhile what can be done while the kernel works; it must not throw
   * @return the process's pidfd, the caller's to close
   * @throws SandboxException {@code launch_failed} with the step that the kernel refused
   */
  public Fd spawn(int process, List<Step> steps, List<Fd> fds, int keep, Runnable meanwhile) {
    byte[] message = PlanEncoder.encode(SPAWN, process, keep, steps);
    InitMessage answer = ask(process, message, fds, meanwhile);
    born.remove(process);
    if (answer instanceof InitMessage.Spawned spawned) {
      if (spawned.pidfd() == null) {
        signal(process, SIGKILL, true);
        throw new SandboxException(
                ErrorCode.LIMIT_EXCEEDED,
                "The daemon has no file descriptor left for one more process.")
            .with("errno", Errno.EMFILE)
            .with("errnoName", Errno.name(Errno.EMFILE));
      }
      return spawned.pidfd();
    }
    throw failure(steps, answer);
  }

  /** The exit of a process is safely recorded; init may forget it. */
  public void acknowledge(int process) {
    send(message(ACK, process).array(), List.of());
  }

  /** Init shall close what it keeps for a process. */
  public void release(int process) {
    send(message(RELEASE, process).array(), List.of());
  }

  /** Signals a process by its parent, which alone can reap it: the pid cannot be a stranger's. */
  public void signal(int process, int signal, boolean group) {
    ByteBuffer message = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder());
    message.putInt(SIGNAL).putInt(process).putInt(signal).putInt(group ? 1 : 0);
    send(message.array(), List.of());
  }

  /**
   * All use of the socket's number is under one lock with its closing: a number that was closed may
   * be another's at once.
   */
  private void send(byte[] message, List<Fd> fds) {
    synchronized (io) {
      if (closed) {
        throw lost("the connection is closed");
      }
      syscalls.send(socket, message, fds);
    }
  }

  private Syscalls.Message receive() {
    synchronized (io) {
      return closed ? null : syscalls.receive(socket);
    }
  }

  private static ByteBuffer message(int type, int tag) {
    return ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putInt(type).putInt(tag);
  }

  private InitMessage ask(int tag, byte[] message, List<Fd> fds, Runnable meanwhile) {
    if (message.length > MAX_MESSAGE) {
      throw new SandboxException(
          ErrorCode.LIMIT_EXCEEDED,
          "What shall be run takes "
              + message.length
              + " bytes, the limit is "
              + MAX_MESSAGE
              + ": use fewer or"
              + " shorter arguments, variables or mounts.");
    }
    CompletableFuture<InitMessage> answer = new CompletableFuture<>();
    pending.put(tag, answer);
    try {
      send(message, fds);
      meanwhile.run();
      return await(answer, ANSWER_TIMEOUT);
    } catch (ErrnoException e) {
      throw lost(e.getMessage());
    } catch (ExecutionException e) {
      throw lost(e.getCause().getMessage());
    } catch (TimeoutException e) {
      if (answer.cancel(false)) {
        throw lost("no answer within " + ANSWER_TIMEOUT.toSeconds() + " s");
      }
      return answer.join(); // it came in the last moment
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw lost("interrupted");
    } finally {
      pending.remove(tag);
    }
  }

  private static SandboxException lost(String why) {
    return new SandboxException(
            ErrorCode.LAUNCH_FAILED, "The sandbox's init cannot be reached: " + why + ".")
        .with("step", "init");
  }

  private static SandboxException failure(List<Step> steps, InitMessage answer) {
    if (!(answer instanceof InitMessage.Failed failed)) {
      return lost("an answer that does not belong");
    }
    boolean known = failed.step() >= 0 && failed.step() < steps.size();
    Step step = known ? steps.get(failed.step()) : null;
    String name = known ? step.name() : "plan";
    if (known && step.op() == Op.SECCOMP && failed.syscall().equals("plan")) {
      return new SandboxException(
              ErrorCode.LAUNCH_FAILED,
              "The sandbox was made by an older sandboxd, whose init installs no filters of system"
                  + " calls: create it again, or run this one with seccomp \"unconfined\".")
          .with("step", name);
    }
    String errnoName = Errno.name(failed.errno());
    return new SandboxException(
            ErrorCode.LAUNCH_FAILED,
            "The kernel refused '"
                + name
                + "'"
                + (known && step.path() != null && !name.contains(step.path())
                    ? " of " + step.path()
                    : "")
                + ": "
                + failed.syscall()
                + " gave "
                + errnoName
                + " ("
                + Errno.message(failed.errno())
                + ").")
        .with("step", name)
        .with("syscall", failed.syscall())
        .with("path", known ? step.path() : null)
        .with("errno", failed.errno())
        .with("errnoName", errnoName);
  }

  /** Reads all that is there; false when the conversation is over, which the listener knows. */
  boolean onReadable() {
    try {
      for (Syscalls.Message message; (message = receive()) != null; ) {
        if (message.data().length == 0) {
          return end("it closed the connection");
        }
        if (init != null && !InitMessage.isOf(init, message)) {
          return endStrange(message);
        }
        dispatch(InitMessage.decode(message));
      }
      return true;
    } catch (RuntimeException e) {
      // Be it what came, or that it could not be dealt with: it is told again.
      return end(e.getMessage());
    }
  }

  /** What a socket's name leads to is for whoever can write there to say; the pid is not. */
  private boolean endStrange(Syscalls.Message message) {
    message.fds().forEach(Fd::close);
    strange = true;
    String why = "process " + message.senderPid() + " answers in place of " + init;
    end(why);
    listener.strange(why);
    return false;
  }

  /** Whether there is no use in connecting again. */
  public boolean isStrange() {
    return strange;
  }

  private void dispatch(InitMessage message) {
    if (message instanceof InitMessage.Ready ready) {
      listener.ready(ready.initPid());
    } else if (message instanceof InitMessage.Exited exited) {
      listener.exited(exited.tag(), exited.waitStatus(), exited.usage(), exited.at());
    } else if (message instanceof InitMessage.Running running) {
      listener.running(running.tag(), running.pidInside(), running.pidfd());
    } else if (message instanceof InitMessage.Kept kept) {
      listener.kept(kept.tag(), kept.fd());
    } else if (message instanceof InitMessage.Born child) {
      if (pending.containsKey(child.tag())) {
        born.put(child.tag(), child.pid());
      }
    } else if (message instanceof InitMessage.Done done) {
      answer(done.tag(), message);
    } else if (message instanceof InitMessage.Failed failed) {
      answer(failed.tag(), message);
    } else if (message instanceof InitMessage.Spawned spawned) {
      listener.spawned(spawned.tag(), born.remove(spawned.tag()), spawned.pidInside());
      if (!answer(spawned.tag(), message)) {
        endUnwanted(spawned);
      }
    }
  }

  /** Nobody waits for it any more, so nobody would ever end it. */
  private void endUnwanted(InitMessage.Spawned spawned) {
    try (Fd pidfd = spawned.pidfd()) {
      if (pidfd == null) {
        signal(spawned.tag(), SIGKILL, true);
      } else {
        syscalls.pidfdSendSignal(pidfd, SIGKILL);
      }
    }
  }

  private boolean answer(int tag, InitMessage message) {
    CompletableFuture<InitMessage> waiting = pending.get(tag);
    return waiting != null && waiting.complete(message);
  }

  private boolean end(String why) {
    closed = true;
    pending.values().forEach(p -> p.completeExceptionally(new IllegalStateException(why)));
    listener.lost(why);
    return false;
  }

  @Override
  public void close() {
    reading.close(
        () -> {
          synchronized (io) {
            closed = true;
            socket.close();
          }
        });
  }
}
