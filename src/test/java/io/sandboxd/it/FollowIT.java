package io.sandboxd.it;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Reading on and on, as it is written. */
@ExtendWith(LeakCheck.class)
@Timeout(120)
// Descriptors and cgroups are counted, and blanks made ahead take some.
@LeakCheck.With(name = "sandboxd.pool", value = "0")
class FollowIT {
  private static final List<String> CAT = List.of("cat");

  @Test
  void eachWriteIsToldAtOnce(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("cat", CAT, "stdin", "pipe");
    try (Exchange follow = sandbox.follow("cat")) {
      assertEquals(200, follow.status(), "the head comes before there is anything");
      assertEquals("0", follow.header("Sandboxd-Offset"));
      for (String word : List.of("one", "two", "three")) {
        sandbox.input("cat", "", word).then().statusCode(204);
        assertEquals(word, follow.readUntil(word));
      }
      sandbox.input("cat", "?close=true", "").then().statusCode(204);
      assertEquals("", follow.readText(), "ends with the process");
    }
  }

  @Test
  void endsWithTheProcessNotWithItsChildren(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("parent", List.of("sh", "-c", "sleep 600 & cat; echo over"), "stdin", "pipe");
    try (Exchange follow = sandbox.follow("parent")) {
      assertEquals(200, follow.status());
      sandbox.input("parent", "?close=true", "").then().statusCode(204);
      assertEquals("over\n", follow.readText());
    }
  }

  @Test
  void whoComesAfterTheEndIsToldTheSame(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.exec(List.of("sh", "-c", "echo late; echo err >&2"), "id", "done");
    String output = "/processes/done/output?follow=true";
    assertEquals("late\n", sandbox.get(output).asString());
    assertEquals("err\n", sandbox.get(output + "&stream=stderr").asString());
    assertEquals("te\n", sandbox.get(output + "&offset=2").asString());
    assertEquals("", sandbox.get(output + "&offset=5").asString());
    assertEquals("e\n", sandbox.get(output + "&tail=2").asString());
    assertEquals(416, sandbox.get(output + "&offset=6").statusCode());
  }

  @Test
  void bothStreamsAsTheyCome(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn(
        "both",
        List.of("sh", "-c", "while read -r word; do echo $word; echo $word >&2; done"),
        "stdin",
        "pipe");
    try (Exchange follow =
        sandbox.exchange("GET", "/processes/both/output?follow=true&stream=both")) {
      assertEquals(200, follow.status());
      assertNull(follow.header("Sandboxd-Offset"));
      sandbox.input("both", "", "a\n").then().statusCode(204);
      assertEquals("a\na\n", follow.readUntil("a\na\n"));
      sandbox.input("both", "?close=true", "b\n").then().statusCode(204);
      assertEquals("b\nb\n", follow.readText());
    }
  }

  @Test
  void manyFollowersGetTheSameBytes(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("job", List.of("sh", "-c", "read -r go; seq 200000"), "stdin", "pipe");
    List<String> sums =
        Crowd.run(
            41,
            41,
            number -> {
              if (number == 40) {
                sandbox.input("job", "?close=true", "go\n").then().statusCode(204);
                return "";
              }
              try (Exchange follow = sandbox.follow("job")) {
                return Figures.sha256(follow.body());
              }
            });
    Set<String> different = new TreeSet<>(sums);
    different.remove("");
    String expected = sandbox.sh("seq 200000 | sha256sum | cut -d' ' -f1");
    assertEquals(Set.of(expected), different);
  }

  /** One client that keeps up sees all of what no client could ask for later. */
  @Test
  void followersSeeMoreThanIsKept(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn(
        "long",
        List.of("sh", "-c", "for i in $(seq 400); do seq 1000 | tr '\\n' ' '; read -r go; done"),
        "stdin",
        "pipe",
        "outputRetention",
        "64Ki");
    byte[] seen = new byte[1 << 16];
    long count = 0;
    try (Exchange follow = sandbox.follow("long");
        Exchange input = sandbox.upload("long", "?close=true")) {
      for (int round = 1; round <= 400; round++) {
        while (count < round * 3893L) {
          count += follow.read(seen);
        }
        input.send("\n");
      }
      input.end();
      assertEquals(204, input.status());
      assertEquals("", follow.readText());
    }
    long first = Long.parseLong(sandbox.get("/processes/long/output").header("Sandboxd-Offset"));
    assertTrue(first > 1 << 20, "most of it is forgotten: " + first);
  }

  @Test
  void whoGoesAwayLeavesNothing(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox.spawn("job", List.of("sh", "-c", "echo begun; exec sleep 1000"));
    Crowd.run(40, 20, number -> comeAndGo(sandbox));
    int before = Figures.descriptors(daemon.pid());
    Crowd.run(800, 20, number -> comeAndGo(sandbox));
    await().until(() -> Figures.descriptors(daemon.pid()) <= before);
    assertEquals("running", sandbox.get("/processes/job").jsonPath().getString("state"));
  }

  private static int comeAndGo(TestSandbox sandbox) throws Exception {
    try (Exchange follow = sandbox.follow("job")) {
      follow.readUntil("begun\n");
      return follow.status();
    }
  }
}
