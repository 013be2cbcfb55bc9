package io.sandboxd.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.linux.EpollLoop;
import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Libc;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.linux.Syscalls.Pipe;
import io.sandboxd.process.OutputReader.Bytes;
import io.sandboxd.process.OutputReader.Pause;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OutputPipeTest {
  private final Syscalls syscalls = new Libc();
  private final EpollLoop loop = new EpollLoop(syscalls, "test");
  private final AtomicBoolean over = new AtomicBoolean();
  private final CountDownLatch woken = new CountDownLatch(1);
  private Pipe ends;
  private OutputPipe pipe;

  @BeforeEach
  void start() {
    loop.start();
    ends = syscalls.pipe();
    pipe = new OutputPipe(syscalls, loop, ends.read());
  }

  @AfterEach
  void stop() {
    pipe.close();
    ends.write().close();
    loop.close();
  }

  private void write(String text) {
    syscalls.writeAll(ends.write(), text.getBytes(UTF_8));
  }

  @Test
  void wakesItsReader() throws InterruptedException {
    OutputReader reader = pipe.read(over::get, woken::countDown);
    assertEquals(Pause.NOTHING_YET, reader.next());
    assertEquals(Pause.NOTHING_YET, reader.next(), "asking twice does no harm");
    write("hello");
    assertTrue(woken.await(30, TimeUnit.SECONDS));
    assertArrayEquals(
        "hello".getBytes(UTF_8), assertInstanceOf(Bytes.class, reader.next()).bytes());
    assertEquals(5, reader.offset());
  }

  @Test
  void endsWhenAllHaveClosedIt() throws InterruptedException {
    OutputReader reader = pipe.read(over::get, woken::countDown);
    assertEquals(Pause.NOTHING_YET, reader.next());
    ends.write().close();
    assertTrue(woken.await(30, TimeUnit.SECONDS));
    assertEquals(Pause.END, reader.next());
  }

  @Test
  void endsWithItsProcessThoughOthersHaveItOpen() {
    OutputReader reader = pipe.read(over::get, woken::countDown);
    write("last");
    over.set(true);
    assertInstanceOf(Bytes.class, reader.next());
    assertEquals(Pause.END, reader.next());
  }

  @Test
  void hasOneReaderEver() {
    OutputReader reader = pipe.read(over::get, woken::countDown);
    assertNotNull(reader);
    assertNull(pipe.read(over::get, woken::countDown));
    reader.close();
    assertNull(pipe.read(over::get, woken::countDown));
    assertEquals(Pause.END, reader.next());
  }

  @Test
  void isBrokenForItsWriterWhenTheReaderIsGone() {
    pipe.read(over::get, woken::countDown).close();
    ErrnoException refused = assertThrows(ErrnoException.class, () -> write("x"));
    assertEquals(Errno.EPIPE, refused.errno());
  }
}
