package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a sandbox sees as its file system, and that it gets no further. */
@ExtendWith(LeakCheck.class)
class RootFilesystemIT {
  @Test
  void withoutARootTheHostsTreeIsReadOnly(Daemon daemon) throws Exception {
    Path secret = Files.writeString(daemon.home().resolve("secret"), "x");
    Path mark = Files.writeString(Path.of("/tmp/sandboxd-it-mark-" + daemon.pid()), "x");
    try {
      TestSandbox sandbox = TestSandbox.started(daemon);
      assertEquals(
          Files.readString(Path.of("/etc/hostname")).strip(), sandbox.sh("cat /etc/hostname"));
      assertEquals(
          "read-only",
          sandbox.sh("touch /etc/x 2>/dev/null || touch /usr/x 2>/dev/null || echo read-only"));
      assertEquals("gone", sandbox.sh("test -e " + mark + " && echo there || echo gone"));
      assertEquals("", sandbox.sh("ls /run"));
      sandbox.sh("echo mine > /tmp/a; echo mine > /run/b; cat /tmp/a /run/b");
      assertTrue(Files.exists(secret));
    } finally {
      Files.delete(mark);
    }
  }

  @Test
  void aDirectoryAsRootWithIdsMapped(Daemon daemon) throws Exception {
    Path root = BusyboxRoot.make(daemon, "mapped");
    TestSandbox sandbox = TestSandbox.started(daemon, "root", json("path", root.toString()));
    assertEquals("0 0", sandbox.sh("stat -c '%u %g' /etc/motd"), "root's file is root's inside");
    sandbox.sh("echo new > /data/file");
    assertEquals(
        0, Files.getAttribute(root.resolve("data/file"), "unix:uid"), "and the other way round");
    assertEquals("", sandbox.sh("ls / | grep -vxE 'bin|etc|proc|sys|dev|tmp|run|data' || true"));
    // Only its own mounts, nothing of the host's tree behind them.
    String mounts = sandbox.sh("cut -d' ' -f5 /proc/self/mountinfo");
    assertFalse(
        mounts.lines().anyMatch(m -> m.startsWith("/sys/fs") && !m.startsWith("/sys/fs/cgroup")),
        mounts);
    assertEquals(1, mounts.lines().filter("/"::equals).count(), mounts);
  }

  @Test
  void withoutAUserNamespaceIdsAreTheHosts(Daemon daemon) throws Exception {
    Path root = BusyboxRoot.make(daemon, "plain");
    TestSandbox sandbox =
        TestSandbox.started(
            daemon, "root", json("path", root.toString()), "namespaces", json("user", "host"));
    sandbox.sh("echo new > /data/file; chmod 600 /data/file");
    assertEquals(0, Files.getAttribute(root.resolve("data/file"), "unix:uid"));
  }

  @Test
  void readOnly(Daemon daemon) throws Exception {
    Path root = BusyboxRoot.make(daemon, "readonly");
    TestSandbox sandbox =
        TestSandbox.started(daemon, "root", json("path", root.toString(), "readonly", true));
    assertEquals("refused", sandbox.sh("touch /etc/x 2>/dev/null || echo refused"));
    assertEquals("ok", sandbox.sh("echo ok > /dev/shm/x; cat /dev/shm/x"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"new", "host"})
  void anOverlayLeavesTheDirectoryUntouched(String user, Daemon daemon) throws Exception {
    Path root = BusyboxRoot.make(daemon, "lower-" + user);
    Map<String, String> before = fingerprint(root);
    TestSandbox sandbox =
        TestSandbox.started(
            daemon,
            "root",
            json("path", root.toString(), "overlay", true),
            "namespaces",
            json("user", user));
    sandbox.sh(
        "echo changed > /etc/motd; rm /etc/group; touch /data/new; rm -r /tmp; mkdir /tmp; touch /tmp/x");
    assertEquals("changed", sandbox.sh("cat /etc/motd"));
    assertEquals("0 755", sandbox.sh("stat -c '%u %a' /"));
    assertEquals(before, fingerprint(root));
    assertFalse(list(daemon.layerDirectory()).isEmpty());
    assertEquals(204, sandbox.delete().statusCode());
    assertTrue(list(daemon.layerDirectory()).isEmpty(), "the layer vanishes with the sandbox");
    assertEquals(before, fingerprint(root));
  }

  private static Map<String, String> fingerprint(Path root) throws Exception {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        String content =
            Files.isRegularFile(file) ? "" + Arrays.hashCode(Files.readAllBytes(file)) : "";
        found.put(file.toString(), Files.getAttribute(file, "unix:mode") + " " + content);
      }
    }
    return found;
  }

  private static List<Path> list(Path directory) throws Exception {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }

  @Test
  void bindMountsWithTheirOptions(Daemon daemon) throws Exception {
    Path root = BusyboxRoot.make(daemon, "binds");
    Path source = Files.createDirectories(daemon.home().resolve("source"));
    Files.writeString(source.resolve("file"), "from outside\n");
    TestSandbox sandbox =
        TestSandbox.started(
            daemon,
            "root",
            json("path", root.toString()),
            "mounts",
            List.of(
                json(
                    "destination",
                    "/data",
                    "type",
                    "bind",
                    "source",
                    source.toString(),
                    "options",
                    List.of("ro")),
                json("destination", "/made/on/the/way", "source", source.toString()),
                json(
                    "destination",
                    "/etc/one",
                    "source",
                    source.resolve("file").toString(),
                    "options",
                    List.of("ro", "noexec")),
                json(
                    "destination",
                    "/cache",
                    "type",
                    "tmpfs",
                    "options",
                    List.of("size=64k", "mode=700"))));
    assertEquals("from outside", sandbox.sh("cat /data/file"));
    assertEquals("refused", sandbox.sh("touch /data/x 2>/dev/null || echo refused"));
    sandbox.sh("echo back > /made/on/the/way/answer");
    assertEquals("back\n", Files.readString(source.resolve("answer")));
    assertEquals(0, Files.getAttribute(source.resolve("answer"), "unix:uid"));
    assertEquals("from outside", sandbox.sh("cat /etc/one"));
    assertEquals("700", sandbox.sh("stat -c %a /cache"));
    assertEquals(
        "full", sandbox.sh("head -c 100000 /dev/zero > /cache/x 2>/dev/null || echo full"));
  }

  @Test
  void theUsualDevicesWork(Daemon daemon) throws Exception {
    Path root = BusyboxRoot.make(daemon, "devices");
    TestSandbox sandbox = TestSandbox.started(daemon, "root", json("path", root.toString()));
    assertEquals(
        "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero",
        sandbox.sh("echo $(ls /dev)"));
    assertEquals(
        "8",
        sandbox.sh(
            "head -c 8 /dev/urandom | cat | stat -c %s /dev/null >/dev/null; echo 8 > /dev/null; echo 8"));
    assertEquals("full", sandbox.sh("echo x 2>/dev/null > /dev/full || echo full"));
    assertEquals("out", sandbox.sh("echo out > /dev/stdout"));
  }

  /** A new proc belongs to the new pid namespace; the one of the host's is not behind it. */
  @Test
  void procMatchesThePidNamespace(Daemon daemon) throws Exception {
    Path root = BusyboxRoot.make(daemon, "proc");
    TestSandbox sandbox = TestSandbox.started(daemon, "root", json("path", root.toString()));
    assertEquals("sandbox-init", sandbox.sh("cat /proc/1/comm"));
    TestSandbox hostPids =
        TestSandbox.started(
            daemon,
            "root",
            json("path", root.toString()),
            "namespaces",
            json("pid", "host", "user", "host"));
    assertEquals(
        Files.readString(Path.of("/proc/1/comm")).strip(), hostPids.sh("cat /proc/1/comm"));
  }

  /** By these a root that is the host's could rule the host. */
  @Test
  void whatRulesTheHostIsReadOnlyInProc(Daemon daemon) {
    for (String user : List.of("new", "host")) {
      TestSandbox sandbox = TestSandbox.started(daemon, "namespaces", json("user", user));
      for (String file :
          List.of("sys/kernel/core_pattern", "sys/vm/drop_caches", "irq/0/smp_affinity")) {
        assertEquals(
            "refused", sandbox.sh("(: > /proc/" + file + ") 2>/dev/null || echo refused"), file);
      }
      assertEquals("refused", sandbox.sh("mknod /dev/x b 8 0 2>/dev/null || echo refused"));
    }
  }

  /** CVE-2019-19921 and its kind: what the root holds must not lead a mount out of it. */
  @ParameterizedTest
  @ValueSource(strings = {"/", "../../../../../../../..", "/etc", "/proc/self/root/etc"})
  void aSymlinkAsTargetStaysInside(String to, Daemon daemon) throws Exception {
    Path root = BusyboxRoot.make(daemon, "symlink");
    Path link = root.resolve("escape");
    Files.deleteIfExists(link);
    Files.createSymbolicLink(link, Path.of(to));
    String outside = "sandboxd-it-" + daemon.pid();
    var answer =
        TestSandbox.tryCreate(
            daemon,
            json(
                "root", json("path", root.toString()),
                "mounts", List.of(json("destination", "/escape/" + outside, "type", "tmpfs")),
                "process", json("args", TestSandbox.SLEEP)));
    for (String place : List.of("/", "/etc")) {
      assertFalse(Files.exists(Path.of(place, outside)), "made in the host's " + place);
    }
    assertTrue(List.of(201, 400, 422).contains(answer.statusCode()), answer.asString());
  }

  @Test
  void aRootThatIsNoneIsRefused(Daemon daemon) throws Exception {
    Path file = Files.writeString(daemon.home().resolve("file"), "");
    for (String path : List.of("/nowhere/at/all", file.toString())) {
      TestSandbox.tryCreate(daemon, json("root", json("path", path)))
          .then()
          .statusCode(400)
          .body("field", equalTo("root.path"));
    }
  }

  @Test
  void aMountOverAFileThatIsADirectoryIs422AndUndone(Daemon daemon, Leaks leaks) throws Exception {
    Path root = BusyboxRoot.make(daemon, "clash");
    TestSandbox.tryCreate(
            daemon,
            json(
                "root", json("path", root.toString()),
                "mounts", List.of(json("destination", "/etc/motd/below", "type", "tmpfs"))))
        .then()
        .statusCode(422)
        .body("step", equalTo("make mount point /etc/motd/below"))
        .body("path", equalTo("/etc/motd/below"))
        .body("errnoName", equalTo("ENOTDIR"))
        .body("undoFailed", equalTo(null));
    leaks.check();
  }
}
