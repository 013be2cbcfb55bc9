package io.sandboxd.it;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Workloads that flood their own log, or do with it what they should not. */
@ExtendWith(LeakCheck.class)
@Timeout(120)
class OwnLogIT {
  /** More than all logs of a test may take, and less than what each of the bad ones tries. */
  private static final long MOST_MIB = 32;

  /** Each ends with a word on stderr, and goes on reading stdin. */
  private static final List<String> SCRIPTS =
      List.of(
          "seq 100000; perl -e 'truncate(STDOUT, 0)'; echo after",
          "seq 100000; : > /dev/stdout; echo after",
          "seq 100000; perl -e 'open(F, \"+<\", \"/proc/self/fd/1\"); seek(F, 7, 0); print F \"x\"'",
          "perl -e 'open(F, \"+<\", \"/proc/self/fd/1\"); seek(F, 1 << 40, 0); print F \"far\"'",
          "echo 1; fallocate -l 60M /proc/self/fd/1; echo after",
          "echo 1; fallocate -n -l 60M /proc/self/fd/1; echo after",
          "echo 1; fallocate -n -o 8G -l 60M /proc/self/fd/1; echo after",
          "truncate -s 1T /proc/self/fd/1; fallocate -n -o 2T -l 60M /proc/self/fd/1; echo after",
          "head -c 2M /dev/zero; fallocate -p -o 64K -l 1M /proc/self/fd/1; echo after",
          "head -c 2M /dev/zero; fallocate -c -o 64K -l 1M /proc/self/fd/1; echo after",
          "truncate -s 1T /proc/self/fd/1; echo after; truncate -s 5 /proc/self/fd/1; echo end",
          "rm -f /proc/self/fd/1; chmod 0 /proc/self/fd/1; echo after");

  @Test
  void whatAProcessDoesToItsLogHarmsOnlyItsOwn(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.exec(List.of("echo", "mine"), "id", "good");
    for (int i = 0; i < SCRIPTS.size(); i++) {
      List<String> command = List.of("sh", "-c", SCRIPTS.get(i) + "; echo done >&2; exec cat");
      sandbox.spawn("bad" + i, command, "stdin", "pipe", "outputRetention", "64Ki");
    }
    for (int i = 0; i < SCRIPTS.size(); i++) {
      String output = "/processes/bad" + i + "/output";
      await()
          .alias(SCRIPTS.get(i))
          .until(() -> sandbox.get(output + "?stream=stderr").asString().contains("done"));
      sandbox.get(output).then().statusCode(200);
      sandbox.get(output + "?tail=10").then().statusCode(200);
    }
    await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(100))
        .until(() -> Figures.storedMib(daemon.stateDirectory()) < MOST_MIB);
    assertEquals("mine\n", sandbox.output("good"));
    for (int i = 0; i < SCRIPTS.size(); i++) {
      sandbox.input("bad" + i, "?close=true", "more").then().statusCode(204);
      assertEquals(0, sandbox.awaitProcess("bad" + i).getInt("exit.code"));
      assertEquals("more", sandbox.get("/processes/bad" + i + "/output?tail=4").asString());
    }
  }

  @Test
  void aFloodTakesLittleAndHoldsUpNobody(Daemon daemon) throws Exception {
    TestSandbox calm = TestSandbox.started(daemon);
    TestSandbox flood = TestSandbox.started(daemon);
    long rss = Figures.rssMib(daemon.pid());
    // As much as a slow machine writes in some seconds, and a fast one in less.
    flood.spawn("yes", List.of("sh", "-c", "yes | head -c 512M"), "timeout", "100s");
    AtomicLong most = new AtomicLong();
    int rounds = 0;
    while (flood.get("/processes/yes/wait?timeout=10ms").statusCode() == 204) {
      assertEquals("calm", calm.sh("echo calm"));
      most.accumulateAndGet(Figures.storedMib(daemon.stateDirectory()), Math::max);
      rounds++;
    }
    assertEquals(0, flood.awaitProcess("yes").getInt("exit.code"));
    assertEquals(
        "" + (512 << 20), flood.get("/processes/yes/output?tail=0").header("Sandboxd-Size"));
    assertTrue(rounds > 0 && most.get() < 512, "stored at the most: " + most + " MiB");
    assertTrue(Figures.storedMib(daemon.stateDirectory()) < MOST_MIB);
    long grown = Figures.rssMib(daemon.pid()) - rss;
    assertTrue(grown < 100, "the daemon grew by " + grown + " MiB");
  }

  @Test
  void whoIsTooSlowForAFloodIsToldAndCanGoOn(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("yes", List.of("yes"));
    long seen;
    try (Exchange follow = caughtUp(sandbox, 0)) {
      byte[] some = new byte[1 << 16];
      seen = Long.parseLong(follow.header("Sandboxd-Offset"));
      seen += 1 + follow.read(some);
      // Reads nothing while many times more than is kept goes by.
      long now = sizeOf(sandbox);
      await().until(() -> sizeOf(sandbox) > now + (40 << 20));
      seen += readToTheBreak(follow, some);
    }
    try (Exchange again = caughtUp(sandbox, seen)) {
      long begins = Long.parseLong(again.header("Sandboxd-Offset"));
      assertTrue(begins > seen, "goes on at " + begins + ", was cut off at " + seen);
    }
    sandbox.post("/processes/yes/kill", TestSandbox.json("signal", "KILL")).then().statusCode(204);
    sandbox.awaitProcess("yes");
    long end = sizeOf(sandbox);
    try (Exchange rest =
        sandbox.exchange("GET", "/processes/yes/output?follow=true&offset=" + (end - 2))) {
      assertEquals("y\n", rest.readText());
    }
  }

  /** A flood may overtake a reader again and again before it has a byte. */
  private static Exchange caughtUp(TestSandbox sandbox, long offset) {
    String output = "/processes/yes/output?follow=true&offset=" + offset;
    AtomicReference<Exchange> there = new AtomicReference<>();
    await()
        .ignoreException(EOFException.class)
        .until(
            () -> {
              there.set(sandbox.exchange("GET", output));
              return there.get().read(new byte[1]) > 0;
            });
    return there.get();
  }

  private static long sizeOf(TestSandbox sandbox) {
    return Long.parseLong(sandbox.get("/processes/yes/output?tail=0").header("Sandboxd-Size"));
  }

  private static long readToTheBreak(Exchange follow, byte[] into) throws Exception {
    long count = 0;
    try {
      for (int more; (more = follow.read(into)) > 0; ) {
        count += more;
      }
      throw new AssertionError("ended as if nothing were missing");
    } catch (EOFException cutOff) {
      return count;
    }
  }
}
