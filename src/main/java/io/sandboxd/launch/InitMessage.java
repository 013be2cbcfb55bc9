package io.sandboxd.launch;

import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * What sandbox-init says. It lives among hostile processes, so nothing it says is believed before
 * it is checked.
 */
sealed interface InitMessage {
  int READY = 16;
  int DONE = 17;
  int FAILED = 18;
  int SPAWNED = 19;
  int EXITED = 20;
  int RUNNING = 21;
  int BORN = 22;
  int KEPT = 23;

  /** All that there was to tell after a connect has been told. */
  record Ready(int initPid) implements InitMessage {}

  /**
   * @param initPid the sender, as the host sees it
   */
  record Done(int tag, int initPid) implements InitMessage {}

  record Failed(int tag, int step, int errno, String syscall) implements InitMessage {}

  /**
   * @param pidfd null when the kernel could not give the daemon one more descriptor
   */
  record Spawned(int tag, int pidInside, Fd pidfd) implements InitMessage {}

  record Running(int tag, int pidInside, Fd pidfd) implements InitMessage {}

  /**
   * @param pid of a child that is on its way to exec, as the host sees it
   */
  record Born(int tag, int pid) implements InitMessage {}

  /**
   * @param fd what init keeps for a process that was spawned before this connection was made
   */
  record Kept(int tag, Fd fd) implements InitMessage {}

  record Exited(int tag, int waitStatus, Usage usage, Instant at) implements InitMessage {}

  /**
   * Whether it is the init with this pid who says that, or a child of its own that was just born.
   */
  static boolean isOf(int init, Syscalls.Message message) {
    return message.senderPid() == init
        || (message.data().length >= Integer.BYTES
            && ByteBuffer.wrap(message.data()).order(ByteOrder.nativeOrder()).getInt() == BORN);
  }

  /**
   * @throws MalformedMessage when it is none of the above; its descriptors are closed then
   */
  static InitMessage decode(Syscalls.Message message) {
    try {
      ByteBuffer in = ByteBuffer.wrap(message.data()).order(ByteOrder.nativeOrder());
      int type = in.getInt();
      int tag = in.getInt();
      InitMessage decoded =
          switch (type) {
            case READY -> {
              in.getInt(); // the protocol's version: what an older init does not know, it refuses
              // by itself
              yield new Ready(message.senderPid());
            }
            case DONE -> new Done(tag, message.senderPid());
            case FAILED -> new Failed(tag, in.getInt(), in.getInt(), name(in));
            case SPAWNED ->
                new Spawned(tag, in.getInt(), message.fds().isEmpty() ? null : onlyFd(message));
            case RUNNING -> new Running(tag, in.getInt(), onlyFd(message));
            case KEPT -> new Kept(tag, onlyFd(message));
            case BORN -> new Born(tag, message.senderPid());
            case EXITED ->
                new Exited(
                    tag,
                    in.getInt(),
                    new Usage(in.getLong(), in.getLong(), in.getLong()),
                    Instant.EPOCH.plus(in.getLong(), ChronoUnit.MICROS));
            default -> throw new MalformedMessage("type " + type);
          };
      if (in.hasRemaining()) {
        throw new MalformedMessage("trailing bytes");
      }
      boolean brings =
          decoded instanceof Spawned || decoded instanceof Running || decoded instanceof Kept;
      if (!brings && !message.fds().isEmpty()) {
        throw new MalformedMessage("descriptors that do not belong");
      }
      return decoded;
    } catch (BufferUnderflowException | MalformedMessage e) {
      message.fds().forEach(Fd::close);
      throw e instanceof MalformedMessage malformed ? malformed : new MalformedMessage("too short");
    }
  }

  private static String name(ByteBuffer in) {
    byte[] name = new byte[16];
    in.get(name);
    return new String(name, StandardCharsets.US_ASCII).replaceAll("[^a-z0-9_]", "");
  }

  private static Fd onlyFd(Syscalls.Message message) {
    if (message.fds().size() != 1) {
      throw new MalformedMessage(message.fds().size() + " descriptors");
    }
    return message.fds().get(0);
  }

  /** sandbox-init said what it never says. */
  final class MalformedMessage extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MalformedMessage(String detail) {
      super(detail);
    }
  }
}
