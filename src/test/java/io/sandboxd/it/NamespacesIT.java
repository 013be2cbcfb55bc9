package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.path.json.JsonPath;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each namespace new, the host's or joined; and what the answers say of it is what the kernel says.
 */
@ExtendWith(LeakCheck.class)
class NamespacesIT {
  /** The contract's word to the name in /proc. */
  private static final Map<String, String> TYPES = new LinkedHashMap<>();

  static {
    TYPES.put("mount", "mnt");
    TYPES.put("pid", "pid");
    TYPES.put("network", "net");
    TYPES.put("ipc", "ipc");
    TYPES.put("uts", "uts");
    TYPES.put("user", "user");
    TYPES.put("cgroup", "cgroup");
    TYPES.put("time", "time");
  }

  @ParameterizedTest
  @CsvSource({"mount", "pid", "network", "ipc", "uts", "user", "cgroup", "time"})
  void aloneNewAmongTheHosts(String type, Daemon daemon) {
    TestSandbox sandbox =
        TestSandbox.started(daemon, "namespaces", json("default", "host", type, "new"));
    agrees(daemon, sandbox, type);
    assertEquals("ok", sandbox.sh("echo ok"));
  }

  @ParameterizedTest
  @CsvSource({"mount", "pid", "network", "ipc", "uts", "user", "cgroup", "time"})
  void aloneTheHostsAmongNew(String type, Daemon daemon) {
    TestSandbox sandbox =
        TestSandbox.started(daemon, "namespaces", json("time", "new", type, "host"));
    List<String> fresh = new ArrayList<>(TYPES.keySet());
    fresh.remove(type);
    agrees(daemon, sandbox, fresh.toArray(String[]::new));
    assertEquals("ok", sandbox.sh("echo ok"));
  }

  /**
   * What is answered, what the kernel shows for init and for a process, and who differs from the
   * host.
   */
  private static void agrees(Daemon daemon, TestSandbox sandbox, String... fresh) {
    JsonPath status = sandbox.inspect();
    int init = status.getInt("pid");
    int main = status.getInt("processes.main.pid");
    TYPES.forEach(
        (word, proc) -> {
          long told = status.getLong("namespaces." + word + ".inode");
          assertEquals(told, TestSandbox.namespaceOf(init, proc), word);
          assertEquals(told, TestSandbox.namespaceOf(main, proc), word);
          boolean isNew = List.of(fresh).contains(word);
          assertEquals(isNew ? "new" : "host", status.getString("namespaces." + word + ".origin"));
          assertEquals(isNew, told != TestSandbox.namespaceOf(daemon.pid(), proc), word);
        });
  }

  @Test
  void joinsEachOfAnotherSandbox(Daemon daemon) {
    TestSandbox host =
        TestSandbox.started(daemon, "name", "target", "timeOffsets", json("boottime", "1d"));
    for (String type : TYPES.keySet()) {
      Map<String, Object> namespaces = json("default", "host", type, json("sandbox", "target"));
      TestSandbox guest =
          TestSandbox.started(daemon, "name", "joins-" + type, "namespaces", namespaces);
      String proc = TYPES.get(type);
      assertEquals(
          TestSandbox.namespaceOf(host.initPid(), proc),
          TestSandbox.namespaceOf(guest.initPid(), proc),
          type);
      JsonPath told = guest.inspect();
      assertEquals("joined", told.getString("namespaces." + type + ".origin"));
      assertEquals("target", told.getString("namespaces." + type + ".from"));
      assertEquals(
          List.of("target"),
          guest
              .get("/namespaces")
              .jsonPath()
              .getList("namespaces.find { it.type == '" + type + "' }.sharedWith"));
      assertEquals(204, guest.delete().statusCode());
    }
  }

  @Test
  void joinsByFile(Daemon daemon) throws Exception {
    TestSandbox other = TestSandbox.started(daemon);
    Path file = Files.createFile(daemon.home().resolve("netns"));
    TestSandbox.host("mount", "--bind", "/proc/" + other.initPid() + "/ns/net", file.toString());
    try {
      TestSandbox sandbox =
          TestSandbox.started(daemon, "namespaces", json("network", json("path", file.toString())));
      assertEquals(
          TestSandbox.namespaceOf(other.initPid(), "net"),
          TestSandbox.namespaceOf(sandbox.initPid(), "net"));
      assertEquals(file.toString(), sandbox.inspect().getString("namespaces.network.from"));
    } finally {
      TestSandbox.host("umount", file.toString());
    }
  }

  @Test
  void aFileThatIsNoSuchNamespaceIsRefused(Daemon daemon) {
    for (String path : List.of("/etc/hostname", "/dev/null", "/proc/self/ns/uts", "/nowhere")) {
      TestSandbox.tryCreate(daemon, json("namespaces", json("network", json("path", path))))
          .then()
          .statusCode(400)
          .body("field", equalTo("namespaces.network.path"))
          .body("detail", containsString(path));
    }
  }

  @Test
  void thePidNamespaceOfAStoppedSandboxIsRefused(Daemon daemon) {
    TestSandbox target =
        TestSandbox.started(daemon, "name", "ended", "process", json("args", List.of("true")));
    target.get("/wait").then().statusCode(200);
    TestSandbox.tryCreate(
            daemon, json("namespaces", json("default", "host", "pid", json("sandbox", "ended"))))
        .then()
        .statusCode(400)
        .body("field", equalTo("namespaces.pid.sandbox"))
        .body("detail", containsString("stopped"));
  }

  @Test
  void rootInsideIsNobodyOutside(Daemon daemon) throws Exception {
    TestSandbox one = TestSandbox.started(daemon);
    TestSandbox two = TestSandbox.started(daemon);
    assertEquals("0", one.sh("id -u"));
    long first = ownerOf(one);
    long second = ownerOf(two);
    assertTrue(first >= 65536 && second >= 65536, first + ", " + second);
    assertTrue(Math.abs(first - second) >= 65536, "ranges do not overlap");
    JsonPath told = one.inspect();
    assertEquals(first, told.getLong("idMappings.uid[0].hostID"));
    assertEquals(65536, told.getInt("idMappings.uid[0].size"));
    assertEquals("65536", one.sh("cat /proc/self/gid_map | tr -s ' ' | cut -d' ' -f4"));
    assertNotEquals(0, one.exec(List.of("cat", "/etc/shadow")).getInt("exit.code"));
  }

  private static long ownerOf(TestSandbox sandbox) throws Exception {
    int main = sandbox.inspect().getInt("processes.main.pid");
    return ((Number) Files.getAttribute(Path.of("/proc/" + main), "unix:uid")).longValue();
  }

  @Test
  void aRangeIsNotGivenOutAgainAtOnce(Daemon daemon) {
    TestSandbox first = TestSandbox.create(daemon);
    long range = first.inspect().getLong("idMappings.uid[0].hostID");
    assertEquals(204, first.delete().statusCode());
    TestSandbox second = TestSandbox.create(daemon);
    assertEquals(range + 65_536, second.inspect().getLong("idMappings.uid[0].hostID"));
  }

  @Test
  void explicitIdMappings(Daemon daemon) {
    List<Map<String, Object>> map =
        List.of(
            json("containerID", 0, "hostID", 700000, "size", 10),
            json("containerID", 1000, "hostID", 800000, "size", 1));
    TestSandbox sandbox = TestSandbox.started(daemon, "idMappings", json("uid", map, "gid", map));
    assertEquals("0 700000 10 1000 800000 1", sandbox.sh("echo $(cat /proc/self/uid_map)"));
    assertEquals("1000", sandbox.sh("id -u", "user", json("uid", 1000)));
  }

  @Test
  void namesOfTheUtsNamespace(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon, "hostname", "web", "domainname", "example");
    assertEquals("web", sandbox.sh("hostname"));
    assertEquals("example", sandbox.sh("cat /proc/sys/kernel/domainname"));
    assertEquals("named-1", TestSandbox.started(daemon, "name", "named-1").sh("hostname"));
  }

  @Test
  void loopbackIsUp(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    assertTrue(sandbox.sh("cat /proc/self/net/fib_trie").contains("127.0.0.1"));
    // IFF_UP and IFF_RUNNING
    assertEquals("0x9", sandbox.sh("cat /sys/class/net/lo/flags"));
  }

  @Test
  void theCgroupNamespaceHasTheSandboxAsItsRoot(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    String mine = "/" + sandbox.id();
    String outside = TestSandbox.host("cat", "/proc/" + sandbox.initPid() + "/cgroup");
    assertTrue(outside.contains(daemon.cgroupRoot() + mine), outside);
    String inside = sandbox.sh("cat /proc/self/cgroup");
    assertTrue(
        !inside.contains(mine) && inside.lines().allMatch(line -> line.endsWith(":/")), inside);
  }

  @Test
  void lsnsAgrees(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    JsonPath status = sandbox.inspect();
    int pid = status.getInt("pid");
    Map<String, String> listed = new LinkedHashMap<>();
    TestSandbox.host("lsns", "--noheadings", "--raw", "--output", "TYPE,NS", "--task", "" + pid)
        .lines()
        .forEach(line -> listed.put(line.split(" ")[0], line.split(" ")[1]));
    TYPES.forEach(
        (word, proc) ->
            assertEquals(
                listed.get(proc), status.getString("namespaces." + word + ".inode"), word));
  }

  @Test
  void sysctlsOfOwnNamespaces(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon, "sysctls", json("net.ipv4.ip_forward", "1"));
    assertEquals("1", sandbox.sh("cat /proc/sys/net/ipv4/ip_forward"));
    TestSandbox.tryCreate(
            daemon,
            json(
                "namespaces", json("network", "host"), "sysctls", json("net.ipv4.ip_forward", "1")))
        .then()
        .statusCode(400)
        .body("field", containsString("sysctls"));
  }

  @Test
  void aSysctlThatTheKernelDoesNotHaveIs422AndNothingIsLeft(Daemon daemon, Leaks leaks)
      throws Exception {
    TestSandbox.tryCreate(
            daemon, json("name", "odd", "sysctls", json("net.ipv4.no_such_thing", "1")))
        .then()
        .statusCode(422)
        .body("code", equalTo("launch_failed"))
        .body("step", containsString("sysctl"))
        .body("syscall", equalTo("open"))
        .body("path", equalTo("/proc/sys/net/ipv4/no_such_thing"))
        .body("errnoName", equalTo("ENOENT"))
        .body("undoFailed", equalTo(null));
    daemon.given().get("/v1/sandboxes/odd").then().statusCode(404);
    leaks.check();
  }
}
