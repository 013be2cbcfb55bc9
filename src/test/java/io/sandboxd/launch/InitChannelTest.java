package io.sandboxd.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.linux.Blob;
import io.sandboxd.linux.FakeSyscalls;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The conversation with an init that says whatever it likes: it lives among hostile processes. */
class InitChannelTest {
  private final List<String> heard = new ArrayList<>();

  /** Answers at once, while the first request is being sent. */
  private static class AnsweringKernel extends FakeSyscalls {
    private final Syscalls.Message[] answers;
    private InitChannel channel;

    AnsweringKernel(Syscalls.Message... answers) {
      this.answers = answers;
    }

    @Override
    public synchronized void send(Fd socket, byte[] data, List<Fd> fds) {
      super.send(socket, data, fds);
      if (sent.size() == 1) {
        toReceive.addAll(List.of(answers));
        channel.onReadable();
      }
    }
  }

  private InitChannel channel(FakeSyscalls kernel) {
    return channel(kernel, null);
  }

  private InitChannel channel(FakeSyscalls kernel, Integer init) {
    InitChannel channel =
        new InitChannel(
            kernel,
            "/x",
            init,
            new InitChannel.Listener() {
              @Override
              public void running(int process, int pidInside, Fd pidfd) {
                heard.add("running " + process + " " + pidInside);
              }

              @Override
              public void spawned(int process, Integer pid, int pidInside) {
                heard.add("spawned " + process + " " + pid + " " + pidInside);
              }

              @Override
              public void kept(int process, Fd fd) {
                heard.add("kept " + process);
              }

              @Override
              public void exited(int process, int waitStatus, Usage usage, Instant at) {
                heard.add(
                    "exited " + process + " " + waitStatus + " " + usage.maxRssKib() + " " + at);
              }

              @Override
              public void ready(int initPid) {
                heard.add("ready " + initPid);
              }

              @Override
              public void lost(String why) {
                heard.add("lost");
              }

              @Override
              public void strange(String why) {
                heard.add("strange");
              }
            });
    if (kernel instanceof AnsweringKernel answering) {
      answering.channel = channel;
    }
    return channel;
  }

  private static Syscalls.Message message(
      int sender, List<Fd> fds, int type, int tag, Object... fields) {
    ByteBuffer body =
        ByteBuffer.allocate(100).order(ByteOrder.nativeOrder()).putInt(type).putInt(tag);
    for (Object field : fields) {
      if (field instanceof Long number) {
        body.putLong(number);
      } else if (field instanceof String name) {
        byte[] bytes = new byte[16];
        System.arraycopy(name.getBytes(StandardCharsets.US_ASCII), 0, bytes, 0, name.length());
        body.put(bytes);
      } else {
        body.putInt((Integer) field);
      }
    }
    byte[] bytes = new byte[body.position()];
    body.flip().get(bytes);
    return new Syscalls.Message(bytes, fds, sender);
  }

  private static final List<Step> STEPS =
      List.of(
          new Step(
              "execve",
              "/bin/true",
              Op.EXEC,
              List.of(List.of("/bin/true"), List.of("true"), List.of())));

  @Test
  void aSpawnGivesBothPids() {
    FakeSyscalls fds = new FakeSyscalls();
    Fd pidfd = fds.fd();
    InitChannel channel =
        channel(
            new AnsweringKernel(
                message(4711, List.of(), InitMessage.BORN, 5),
                message(4000, List.of(pidfd), InitMessage.SPAWNED, 5, 2)));
    assertEquals(pidfd, channel.spawn(5, STEPS, List.of(), -1, () -> {}));
    assertEquals(List.of("spawned 5 4711 2"), heard);
  }

  /** The kernel leaves out a descriptor for which the daemon has no number left. */
  @Test
  void whatCannotBeHeldIsEndedAndRefused() {
    FakeSyscalls kernel =
        new AnsweringKernel(
            message(4711, List.of(), InitMessage.BORN, 5),
            message(4000, List.of(), InitMessage.SPAWNED, 5, 2));
    InitChannel channel = channel(kernel);
    SandboxException failure =
        assertThrows(
            SandboxException.class, () -> channel.spawn(5, STEPS, List.of(), -1, () -> {}));
    assertEquals(ErrorCode.LIMIT_EXCEEDED, failure.code());
    ByteBuffer last =
        ByteBuffer.wrap(kernel.sent.get(kernel.sent.size() - 1)).order(ByteOrder.nativeOrder());
    assertEquals(4, last.getInt(), "SIGNAL");
    assertEquals(5, last.getInt());
    assertEquals(9, last.getInt());
  }

  @Test
  void aFailureNamesTheStep() {
    InitChannel channel =
        channel(new AnsweringKernel(message(1, List.of(), InitMessage.FAILED, 5, 0, 2, "execve")));
    SandboxException failure =
        assertThrows(
            SandboxException.class, () -> channel.spawn(5, STEPS, List.of(), -1, () -> {}));
    assertEquals(ErrorCode.LAUNCH_FAILED, failure.code());
    assertEquals(
        "{step=execve, syscall=execve, path=/bin/true, errno=2, errnoName=ENOENT}",
        failure.fields().toString());
  }

  @Test
  void aStepThatTheePlanDoesNotHaveIsNoCrash() {
    InitChannel channel =
        channel(
            new AnsweringKernel(message(1, List.of(), InitMessage.FAILED, 5, 99, 2, "../../x\n")));
    SandboxException failure =
        assertThrows(
            SandboxException.class, () -> channel.spawn(5, STEPS, List.of(), -1, () -> {}));
    assertEquals("plan", failure.fields().get("step"));
    assertEquals("x", failure.fields().get("syscall"), "only what a name can hold");
  }

  /** One that was started by an older daemon says what it says of every unknown step. */
  @Test
  void anInitThatKnowsNoFiltersRunsNothingWithoutOne() {
    List<Step> steps = new ArrayList<>(STEPS);
    steps.add(0, new Step("seccomp", null, Op.SECCOMP, List.of(0L, Blob.of(new byte[8]))));
    InitChannel channel =
        channel(new AnsweringKernel(message(1, List.of(), InitMessage.FAILED, 5, 0, 74, "plan")));
    SandboxException failure =
        assertThrows(
            SandboxException.class, () -> channel.spawn(5, steps, List.of(), -1, () -> {}));
    assertEquals(ErrorCode.LAUNCH_FAILED, failure.code());
    assertEquals("{step=seccomp}", failure.fields().toString());
    assertTrue(failure.getMessage().contains("by an older sandboxd"), failure.getMessage());
  }

  @Test
  void theEndOfInitEndsWhatWaits() {
    InitChannel channel =
        channel(new AnsweringKernel(new Syscalls.Message(new byte[0], List.of(), 0)));
    SandboxException failure =
        assertThrows(
            SandboxException.class, () -> channel.spawn(5, STEPS, List.of(), -1, () -> {}));
    assertEquals(ErrorCode.LAUNCH_FAILED, failure.code());
    assertEquals(List.of("lost"), heard);
    assertThrows(
        SandboxException.class,
        () -> channel.spawn(6, STEPS, List.of(), -1, () -> {}),
        "and what comes later");
  }

  @Test
  void whatInitSaysUnaskedIsPassedOn() {
    FakeSyscalls kernel = new FakeSyscalls();
    InitChannel channel = channel(kernel);
    kernel.toReceive.add(message(9, List.of(kernel.fd()), InitMessage.RUNNING, 3, 7));
    kernel.toReceive.add(message(9, List.of(), InitMessage.EXITED, 4, 256, 1L, 2L, 3L, 1_000_000L));
    kernel.toReceive.add(message(9, List.of(), InitMessage.READY, 0, 1));
    assertTrue(channel.onReadable());
    assertEquals(List.of("running 3 7", "exited 4 256 3 1970-01-01T00:00:01Z", "ready 9"), heard);
  }

  /** Its socket may be another's by now. */
  @Test
  void aStrangerIsNotHeard() {
    FakeSyscalls kernel = new FakeSyscalls();
    InitChannel channel = channel(kernel, 9);
    kernel.toReceive.add(message(9, List.of(kernel.fd()), InitMessage.RUNNING, 3, 7));
    kernel.toReceive.add(message(11, List.of(), InitMessage.BORN, 3));
    assertTrue(channel.onReadable());
    assertEquals(List.of("running 3 7"), heard);
    assertFalse(channel.isStrange());
    Fd brought = kernel.fd();
    kernel.toReceive.add(message(8, List.of(brought), InitMessage.RUNNING, 3, 7));
    kernel.toReceive.add(message(9, List.of(), InitMessage.EXITED, 4, 256, 1L, 2L, 3L, 1_000_000L));
    assertFalse(channel.onReadable());
    assertEquals(List.of("running 3 7", "lost", "strange"), heard);
    assertFalse(brought.isOpen());
    assertTrue(channel.isStrange());
  }

  @Test
  void aProcessNobodyWaitsForIsEnded() {
    List<Integer> killed = new ArrayList<>();
    FakeSyscalls kernel =
        new FakeSyscalls() {
          @Override
          public boolean pidfdSendSignal(Fd pidfd, int signal) {
            return killed.add(signal);
          }
        };
    InitChannel channel = channel(kernel);
    Fd pidfd = kernel.fd();
    kernel.toReceive.add(message(9, List.of(pidfd), InitMessage.SPAWNED, 77, 7));
    assertTrue(channel.onReadable());
    assertEquals(List.of(9), killed);
    assertFalse(pidfd.isOpen());
  }

  /** Garbage ends the conversation, closes what came with it, and throws nothing at the reaper. */
  @Test
  void garbageEndsTheConversation() {
    Random random = new Random(42);
    for (int round = 0; round < 5_000; round++) {
      FakeSyscalls kernel =
          new FakeSyscalls() {
            @Override
            public boolean pidfdSendSignal(Fd pidfd, int signal) {
              return true;
            }
          };
      InitChannel channel = channel(kernel);
      byte[] bytes = new byte[random.nextInt(64)];
      random.nextBytes(bytes);
      if (bytes.length > 0 && random.nextBoolean()) {
        bytes[0] = (byte) (16 + random.nextInt(8));
        for (int i = 1; i < Math.min(4, bytes.length); i++) {
          bytes[i] = 0;
        }
      }
      Fd sent = kernel.fd();
      kernel.toReceive.add(new Syscalls.Message(bytes, List.of(sent), 1));
      boolean goesOn = channel.onReadable();
      assertTrue(goesOn || !sent.isOpen() || bytes.length == 0, "leaks in round " + round);
    }
  }

  @Test
  void aPlanThatIsTooLargeIsRefused() {
    InitChannel channel = channel(new FakeSyscalls());
    String large = "x".repeat(InitChannel.MAX_MESSAGE);
    List<Step> steps =
        List.of(new Step("execve", "x", Op.EXEC, List.of(List.of("x"), List.of(large), List.of())));
    SandboxException refused =
        assertThrows(
            SandboxException.class, () -> channel.spawn(1, steps, List.of(), -1, () -> {}));
    assertEquals(ErrorCode.LIMIT_EXCEEDED, refused.code());
  }
}
