package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.path.json.JsonPath;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The classic exercises with namespaces, done through the API. */
@ExtendWith(LeakCheck.class)
class SeedsIT {
  /** pid_namespaces(7): a child namespace sees only its own, the parent sees both. */
  @Test
  void parentAndChildPidNamespaces(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    JsonPath main = sandbox.inspect();
    int outside = main.getInt("processes.main.pid");
    int inside = main.getInt("processes.main.sandboxPid");
    assertTrue(ProcessHandle.of(outside).isPresent(), "the host sees it");
    assertNotEquals(outside, inside);
    assertEquals("sleep", sandbox.sh("cat /proc/" + inside + "/comm"));
    assertEquals("sandbox-init", sandbox.sh("cat /proc/1/comm"));
    String nested = TestSandbox.host("grep", "NSpid", "/proc/" + outside + "/status");
    assertEquals(List.of("NSpid:", "" + outside, "" + inside), List.of(nested.split("\\s+")));
    assertEquals("no", sandbox.sh("test -d /proc/" + daemon.pid() + " && echo yes || echo no"));
  }

  /**
   * {@code unshare --user --pid --map-root-user --mount-proc --fork bash}, and {@code ps -ef} in
   * it.
   */
  @Test
  void unshareUserPidMapRootUserMountProc(Daemon daemon) {
    List<Map<String, Object>> rootOnly = List.of(json("containerID", 0, "hostID", 0, "size", 1));
    TestSandbox sandbox =
        TestSandbox.started(
            daemon,
            "namespaces",
            json("default", "host", "user", "new", "pid", "new", "mount", "new"),
            "idMappings",
            json("uid", rootOnly, "gid", rootOnly),
            "process",
            json("args", List.of("bash", "-c", "sleep 1000")));
    assertEquals("0", sandbox.sh("id -u"));
    assertEquals(
        List.of("0", "0", "1"),
        List.of(sandbox.sh("cat /proc/self/uid_map").strip().split("\\s+")));
    List<String> lines = sandbox.sh("ps -ef").lines().skip(1).toList();
    assertTrue(lines.size() >= 3 && lines.size() <= 5, lines.toString());
    assertTrue(lines.get(0).matches("root +1 +0 .*sandbox-init.*"), lines.get(0));
    assertFalse(lines.stream().anyMatch(line -> line.contains("java")), lines.toString());
  }

  @Test
  void onlyTheNetworkIsItsOwn(Daemon daemon) {
    TestSandbox sandbox =
        TestSandbox.started(daemon, "namespaces", json("default", "host", "network", "new"));
    int init = sandbox.initPid();
    assertNotEquals(
        TestSandbox.namespaceOf(daemon.pid(), "net"), TestSandbox.namespaceOf(init, "net"));
    for (String type : List.of("mnt", "pid", "ipc", "uts", "user", "cgroup", "time")) {
      assertEquals(
          TestSandbox.namespaceOf(daemon.pid(), type), TestSandbox.namespaceOf(init, type), type);
    }
    assertEquals("lo", sandbox.sh("ls /proc/self/net/dev_snmp6 2>/dev/null || echo lo"));
    assertEquals(TestSandbox.host("hostname"), sandbox.sh("hostname"));
    assertTrue(
        Integer.parseInt(sandbox.sh("ps -e | wc -l")) > 5, "the host's processes are in sight");
  }

  /** What is called a pod elsewhere. */
  @Test
  void trioSharesNetworkUtsAndIpcButNotMountAndPid(Daemon daemon) {
    TestSandbox first = TestSandbox.started(daemon, "name", "pod-a", "hostname", "pod");
    Map<String, Object> shared =
        json(
            "network",
            json("sandbox", "pod-a"),
            "uts",
            json("sandbox", "pod-a"),
            "ipc",
            json("sandbox", "pod-a"));
    TestSandbox second = TestSandbox.started(daemon, "name", "pod-b", "namespaces", shared);
    TestSandbox third = TestSandbox.started(daemon, "name", "pod-c", "namespaces", shared);
    for (TestSandbox other : List.of(second, third)) {
      assertEquals("pod", other.sh("hostname"));
      for (String type : List.of("net", "uts", "ipc")) {
        assertEquals(
            TestSandbox.namespaceOf(first.initPid(), type),
            TestSandbox.namespaceOf(other.initPid(), type),
            type);
      }
      for (String type : List.of("mnt", "pid", "user", "cgroup")) {
        assertNotEquals(
            TestSandbox.namespaceOf(first.initPid(), type),
            TestSandbox.namespaceOf(other.initPid(), type),
            type);
      }
    }
    first.sh("echo private > /tmp/mine");
    assertEquals("no", second.sh("test -e /tmp/mine && echo yes || echo no"));
    // One loopback for all three.
    assertEquals(
        List.of("pod-b", "pod-c"),
        first
            .get("/namespaces")
            .jsonPath()
            .getList("namespaces.find { it.type == 'network' }.sharedWith"));
  }

  /** sysvipc(7) and mq_overview(7): both kinds of queues belong to the ipc namespace. */
  @Test
  void messageQueuesAreInvisibleAcrossIpcNamespaces(Daemon daemon) {
    TestSandbox one = TestSandbox.started(daemon);
    TestSandbox other = TestSandbox.started(daemon);
    one.sh("ipcmk -Q");
    one.sh("touch /dev/mqueue/letters");
    assertEquals("1", one.sh("tail -n +2 /proc/sysvipc/msg | wc -l"));
    assertEquals("letters", one.sh("ls /dev/mqueue"));
    assertEquals("0", other.sh("tail -n +2 /proc/sysvipc/msg | wc -l"));
    assertEquals("", other.sh("ls /dev/mqueue"));
  }

  /** time_namespaces(7). */
  @Test
  void thirtyDaysUp(Daemon daemon) {
    TestSandbox sandbox =
        TestSandbox.started(daemon, "timeOffsets", json("monotonic", "30d", "boottime", "30d"));
    double inside = Double.parseDouble(sandbox.sh("cut -d' ' -f1 /proc/uptime"));
    double outside = Double.parseDouble(TestSandbox.host("cut", "-d ", "-f1", "/proc/uptime"));
    double days = (inside - outside) / 86_400;
    assertTrue(days > 29.9 && days < 30.1, "up " + days + " days longer");
    assertEquals("new", sandbox.inspect().getString("namespaces.time.origin"));
  }
}
