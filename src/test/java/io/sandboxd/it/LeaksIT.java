package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.path.json.JsonPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What belongs to no sandbox is found, told, and taken away when that is wanted, and only that. */
@ExtendWith(LeakCheck.class)
class LeaksIT {
  private static final int UNAVAILABLE = 69;
  private static final String STRAY = "0123456789abcdef";

  private static List<String> kinds(Daemon daemon) {
    JsonPath found =
        daemon.given().get("/v1/system/leaks").then().statusCode(200).extract().jsonPath();
    assertTrue(Set.of(STRAY).containsAll(found.<String>getList("leaks.sandboxId")));
    return found.getList("leaks.kind");
  }

  /** Something of every kind, with a process that lives in the group. */
  private static Process leave(Daemon daemon) throws IOException {
    Process sleeper = new ProcessBuilder("sleep", "1000").start();
    for (Path hierarchy : HostCgroups.hierarchies()) {
      Path root = hierarchy.resolve(daemon.cgroupRoot().substring(1));
      boolean takesNobodyYet =
          Files.exists(root.resolve("cpuset.cpus")) // of cpuset v1, which inherits nothing
              && !Files.exists(root.resolve("cgroup.controllers"));
      if (Files.isDirectory(root) && !takesNobodyYet) {
        Path group = Files.createDirectory(root.resolve(STRAY));
        Files.writeString(group.resolve("cgroup.procs"), Long.toString(sleeper.pid()));
      }
    }
    Files.createDirectories(daemon.layerDirectory().resolve(STRAY).resolve("upper"));
    Files.createDirectories(daemon.stateDirectory().resolve("sandboxes").resolve(STRAY));
    Files.createDirectories(daemon.stateDirectory().resolve("blanks").resolve(STRAY));
    return sleeper;
  }

  @Test
  void whatIsLeftIsToldAndTakenAway(Daemon daemon) throws Exception {
    TestSandbox bystander = TestSandbox.started(daemon);
    assertEquals(List.of(), kinds(daemon));
    Process sleeper = leave(daemon);
    assertEquals(Set.of("cgroup", "layer", "process", "state"), new TreeSet<>(kinds(daemon)));
    JsonPath reaped =
        daemon.given().post("/v1/system/leaks/reap").then().statusCode(200).extract().jsonPath();
    assertEquals(List.of(), reaped.getList("left"));
    assertEquals(
        Set.of("cgroup", "layer", "process", "state"),
        new TreeSet<>(reaped.<String>getList("reaped.kind")));
    await("the stray process's end").until(() -> !sleeper.isAlive());
    assertEquals(List.of(), kinds(daemon));
    assertEquals("ok", bystander.sh("echo ok"));
  }

  /**
   * A reboot ends all processes and empties what is in memory: control groups, the state directory.
   * The directory of the layers is still there, and what others keep in it stays.
   */
  @Test
  void afterARebootNothingOfTheOldLifeIsLeft(Daemon daemon) throws Exception {
    Path root = BusyboxRoot.make(daemon, "root");
    TestSandbox old =
        TestSandbox.started(
            daemon, "name", "web", "root", json("path", root.toString(), "overlay", true));
    assertEquals("", old.sh("echo kept >/of-the-old-life; mkdir -p /a/b/c"));
    Path layer = daemon.layerDirectory().resolve(old.id());
    assertEquals("kept", Files.readString(layer.resolve("upper/of-the-old-life")).strip());
    Path foreign = Files.createDirectory(daemon.layerDirectory().resolve("lost+found"));

    daemon.kill();
    HostCgroups.remove(daemon.cgroupRoot());
    Directories.delete(daemon.stateDirectory());
    daemon.start();

    assertEquals(List.of(), kinds(daemon));
    assertTrue(Files.notExists(layer), "the layer of a sandbox that is no more");
    assertTrue(daemon.logText().contains(layer + " belonged to no sandbox"), daemon.logText());
    Files.delete(foreign); // it is still there
    daemon.given().get("/v1/sandboxes/web").then().statusCode(404);
    TestSandbox next =
        TestSandbox.started(
            daemon, "name", "web", "root", json("path", root.toString(), "overlay", true));
    assertEquals("gone", next.sh("test -e /of-the-old-life || echo gone"));
  }

  /** Two that put away what belongs to none of their sandboxes would put away each other's. */
  @Test
  void noOtherDaemonTakesWhatIsOurs(Daemon daemon) throws Exception {
    try (Daemon other = Daemon.prepare()) {
      other.with("sandboxd.layer-dir", daemon.layerDirectory().toString());
      assertEquals(UNAVAILABLE, other.runToEnd());
      assertEquals(
          "sandboxd: Another daemon has its layers in " + daemon.layerDirectory() + ".\n",
          other.logText());
    }
    try (Daemon other = Daemon.prepare()) {
      other.with("sandboxd.cgroup-root", daemon.cgroupRoot());
      assertEquals(UNAVAILABLE, other.runToEnd());
      assertEquals(
          "sandboxd: Another daemon has its cgroups below " + daemon.cgroupRoot() + ".\n",
          other.logText());
    }
  }

  /** The next daemon does so by itself. */
  @Test
  void theNextDaemonPutsItAway(Daemon daemon) throws Exception {
    Process sleeper = leave(daemon);
    daemon.kill();
    daemon.start();
    assertEquals(List.of(), kinds(daemon));
    await("the stray process's end").until(() -> !sleeper.isAlive());
  }
}
