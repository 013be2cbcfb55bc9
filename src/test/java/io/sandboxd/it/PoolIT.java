package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.response.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Sandboxes that are made of blanks: when, and what becomes of those that nobody wants. */
@ExtendWith(LeakCheck.class)
class PoolIT {
  /** Each test with a daemon that has no blanks, and remembers no creates. */
  @BeforeEach
  void anew(Daemon daemon) {
    if (daemon.isAlive()) {
      daemon.stop();
    }
    daemon.with("sandboxd.pool", null).with("sandboxd.id-base", null).start();
  }

  static Set<String> blanks(Daemon daemon) {
    try (Stream<Path> all = Files.list(daemon.stateDirectory().resolve("blanks"))) {
      return new TreeSet<>(all.map(each -> each.getFileName().toString()).toList());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** They give way for a while when memory is short, be it the doing of somebody else here. */
  private static final Duration PATIENCE = Duration.ofSeconds(45);

  /** How many are ready. */
  static int ready(Daemon daemon) {
    String metrics = daemon.given().get("/q/metrics").asString();
    return metrics
        .lines()
        .filter(line -> line.startsWith("sandboxd_blanks "))
        .map(line -> (int) Double.parseDouble(line.substring(line.indexOf(' '))))
        .findFirst()
        .orElseThrow();
  }

  static void awaitReady(Daemon daemon, int count) {
    await(count + " blanks")
        .atMost(PATIENCE)
        .until(() -> ready(daemon) == count && blanks(daemon).size() == count);
  }

  static void awaitAny(Daemon daemon) {
    await("a blank").atMost(PATIENCE).until(() -> ready(daemon) > 0);
  }

  private static Response create(Daemon daemon, Object... namesAndValues) {
    Response answer = TestSandbox.tryCreate(daemon, json(namesAndValues));
    assertEquals(201, answer.statusCode(), answer.asString());
    return answer;
  }

  static boolean wasBlank(Response created) {
    return created.header("Server-Timing").contains("blank;");
  }

  private static List<Integer> inits(Daemon daemon, Set<String> ids) {
    List<Integer> pids = new ArrayList<>();
    Path hierarchy =
        HostCgroups.hierarchies().stream()
            .filter(each -> Files.isDirectory(each.resolve(daemon.cgroupRoot().substring(1))))
            .findFirst()
            .orElseThrow();
    for (String id : ids) {
      Path group = hierarchy.resolve(daemon.cgroupRoot().substring(1)).resolve(id);
      HostCgroups.lines(group.resolve("cgroup.procs")).forEach(p -> pids.add(Integer.valueOf(p)));
    }
    return pids;
  }

  private static boolean lives(int pid) {
    return !Leaks.hasEnded(pid);
  }

  @Test
  void whoAsksForTheSameAgainFindsIt(Daemon daemon) {
    assertEquals(Set.of(), blanks(daemon), "nobody has asked for anything");
    assertFalse(wasBlank(create(daemon, "name", "first")));
    awaitReady(daemon, 1);
    String blank = blanks(daemon).iterator().next();
    Response second = create(daemon, "name", "second");
    assertTrue(wasBlank(second), second.header("Server-Timing"));
    assertEquals(blank, second.jsonPath().getString("id"));
    awaitReady(daemon, 2);
    TestSandbox sandbox = TestSandbox.named(daemon, "second");
    assertEquals("second", sandbox.sh("hostname"));
    for (String name : List.of("third", "fourth", "fifth", "sixth")) {
      create(daemon, "name", name);
    }
    awaitReady(daemon, 4);
    List<String> leaks = daemon.given().get("/v1/system/leaks").jsonPath().getList("leaks.path");
    assertEquals(List.of(), leaks);
    daemon.given().post("/v1/system/leaks/reap").then().statusCode(200);
    awaitReady(daemon, 4);
  }

  @Test
  void oneOfAnotherKindIsOfNoUse(Daemon daemon) {
    create(daemon);
    awaitReady(daemon, 1);
    Object host = json("network", "host");
    assertFalse(wasBlank(create(daemon, "namespaces", host)));
    awaitReady(daemon, 2);
    assertTrue(wasBlank(create(daemon, "namespaces", host)));
    List<Object> range = List.of(json("containerID", 0, "hostID", 200_000, "size", 1000));
    Object ids = json("uid", range, "gid", range);
    assertFalse(wasBlank(create(daemon, "idMappings", ids)), "ids of its own choice");
    assertFalse(
        wasBlank(
            create(
                daemon,
                "namespaces",
                json("ipc", json("path", "/proc/" + daemon.pid() + "/ns/ipc")))));
    // What a blank has no copy of is made late, and differs as it may.
    awaitReady(daemon, 3);
    assertTrue(wasBlank(create(daemon, "namespaces", json("mount", "host", "uts", "host"))));
  }

  /** A blank of before does not know what was mounted since; a sandbox has to. */
  @Test
  void whatTheHostHasMountedMeanwhileIsThere(Daemon daemon) throws IOException {
    create(daemon);
    awaitReady(daemon, 1);
    Path place = Files.createTempDirectory(Path.of("/var/tmp"), "sandboxd-it-");
    TestSandbox.host("mount", "-t", "tmpfs", "tmpfs", place.toString());
    try {
      Files.writeString(place.resolve("late"), "here");
      Response created = create(daemon, "name", "late", "process", json("args", TestSandbox.SLEEP));
      assertTrue(wasBlank(created));
      TestSandbox sandbox = TestSandbox.named(daemon, "late");
      sandbox.post("/start").then().statusCode(200);
      assertEquals("here", sandbox.sh("cat " + place.resolve("late")));
      sandbox.delete();
    } finally {
      TestSandbox.host("umount", place.toString());
      Files.delete(place);
    }
  }

  @Test
  void aNameThatIsTakenCostsNoBlank(Daemon daemon) {
    create(daemon, "name", "taken");
    awaitReady(daemon, 1);
    Set<String> before = blanks(daemon);
    assertEquals(409, TestSandbox.tryCreate(daemon, json("name", "taken")).statusCode());
    assertTrue(blanks(daemon).containsAll(before));
    awaitReady(daemon, 2);
  }

  /** Limits come after what is there, not before. */
  @Test
  void limitsThatABlankDoesNotFitInAreNoFailure(Daemon daemon) {
    create(daemon);
    awaitReady(daemon, 1);
    Map<String, Object> least = json("memory", json("max", "1Mi"), "pids", json("max", 1));
    create(daemon, "name", "narrow", "resources", least);
    assertEquals("created", TestSandbox.named(daemon, "narrow").state());
  }

  @Test
  void aDeadBlankIsThrownAway(Daemon daemon) {
    create(daemon);
    awaitReady(daemon, 1);
    Set<String> first = blanks(daemon);
    inits(daemon, first).forEach(pid -> ProcessHandle.of(pid).ifPresent(p -> p.destroyForcibly()));
    create(daemon); // whether it was noticed already or not
    await("another blank").until(() -> blanks(daemon).stream().noneMatch(first::contains));
    awaitReady(daemon, 2);
  }

  @Test
  void theyEndWithTheDaemon(Daemon daemon) {
    create(daemon, "name", "kept");
    create(daemon);
    awaitReady(daemon, 2);
    List<Integer> inits = inits(daemon, blanks(daemon));
    assertEquals(2, inits.size());
    daemon.stop();
    assertEquals(Set.of(), blanks(daemon));
    assertTrue(inits.stream().noneMatch(PoolIT::lives));
    daemon.start();
    assertEquals("created", TestSandbox.named(daemon, "kept").state());
  }

  @Test
  void theyEndWhenItIsKilled(Daemon daemon) {
    create(daemon);
    create(daemon);
    create(daemon, "name", "kept", "process", json("args", TestSandbox.SLEEP));
    awaitReady(daemon, 3);
    int kept = TestSandbox.named(daemon, "kept").initPid();
    Set<String> blanks = blanks(daemon);
    List<Integer> inits = inits(daemon, blanks);
    assertEquals(3, inits.size());
    daemon.kill();
    await("the end of what nobody can use").until(() -> inits.stream().noneMatch(PoolIT::lives));
    daemon.start();
    assertEquals(Set.of(), blanks(daemon));
    blanks.forEach(id -> assertTrue(daemon.logText().contains(id + " belonged to no sandbox")));
    assertEquals(kept, TestSandbox.named(daemon, "kept").initPid());
    TestSandbox.named(daemon, "kept").post("/start").then().statusCode(200);
  }

  @Test
  void whoNeedsWhatTheyHaveGetsIt(Daemon daemon) {
    daemon.stop();
    long threeRanges = (1L << 32) - 4 * 65_536L;
    daemon.with("sandboxd.id-base", Long.toString(threeRanges)).start();
    create(daemon);
    awaitReady(daemon, 1);
    create(daemon);
    awaitReady(daemon, 1); // there is no range for another
    Response other = create(daemon, "namespaces", json("network", "host"));
    assertFalse(wasBlank(other));
    awaitReady(daemon, 0);
  }

  @Test
  void withoutAPoolThereAreNone(Daemon daemon) {
    daemon.stop();
    daemon.with("sandboxd.pool", "0").start();
    create(daemon);
    assertFalse(wasBlank(create(daemon)));
    assertEquals(Set.of(), blanks(daemon));
  }
}
