package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.response.Response;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ways out that other runtimes had, tried on this one. */
@ExtendWith(LeakCheck.class)
class EscapesIT {
  private static final List<String> ALL_CAPABILITIES =
      List.of(
          "CAP_CHOWN",
          "CAP_DAC_OVERRIDE",
          "CAP_DAC_READ_SEARCH",
          "CAP_FOWNER",
          "CAP_KILL",
          "CAP_SETGID",
          "CAP_SETUID",
          "CAP_SYS_PTRACE",
          "CAP_MKNOD",
          "CAP_NET_RAW");

  private static Map<String, Object> powerful(Object... more) {
    Map<String, Object> process = json(more);
    process.put("args", TestSandbox.SLEEP);
    process.put("capabilities", ALL_CAPABILITIES);
    process.put("seccomp", "unconfined");
    return process;
  }

  /** CVE-2019-5736: whoever writes to the helper's program runs on the host at the next exec. */
  @ParameterizedTest
  @ValueSource(strings = {"new", "host"})
  void theHelperCannotBeOverwritten(String user, Daemon daemon) throws Exception {
    TestSandbox sandbox =
        TestSandbox.started(daemon, "namespaces", json("user", user), "process", powerful());
    byte[] before = Files.readAllBytes(Path.of("/proc/" + sandbox.initPid() + "/exe"));
    // The helper runs as a process of ours if an interpreter line says so.
    sandbox.sh("printf '#!/proc/self/exe\n' > /tmp/trap; chmod 755 /tmp/trap");
    String attempts =
        """
        for i in 1 2 3 4 5 6 7 8 9 10; do
          for exe in /proc/1/exe /proc/[0-9]*/exe; do
            case $(readlink $exe) in *memfd*|'')
              (echo overwritten >$exe) 2>/dev/null && echo WRITTEN
              (exec 9<$exe && echo overwritten >/proc/self/fd/9) 2>/dev/null && echo WRITTEN
            esac
          done
        done
        echo done
        """;
    sandbox.spawn("attacker", List.of("sh", "-c", attempts));
    for (int i = 0; i < 10; i++) {
      sandbox.post("/exec", json("args", List.of("/tmp/trap"), "wait", true));
      sandbox.post("/exec", json("args", List.of("/proc/self/exe"), "wait", true));
    }
    sandbox.awaitProcess("attacker");
    assertEquals("done", sandbox.output("attacker").strip());
    assertArrayEquals(before, Files.readAllBytes(Path.of("/proc/" + sandbox.initPid() + "/exe")));
    assertEquals("fine", sandbox.sh("echo fine"));
    assertEquals("fine", TestSandbox.started(daemon).sh("echo fine"));
  }

  /** CVE-2024-21626: a descriptor of the host's that is left open is a door. */
  @Test
  void noDescriptorOfTheHostsIsReachable(Daemon daemon) {
    String look = "for f in /proc/self/fd/*; do echo \"${f##*/} $(readlink $f)\"; done; sleep 1000";
    TestSandbox sandbox =
        TestSandbox.started(daemon, "process", json("args", List.of("sh", "-c", look)));
    String inside =
        sandbox
            .exec(List.of("sh", "-c", "ls -l /proc/self/fd | grep -c '[0-9] -> '"))
            .getString("stdout");
    // stdin, stdout, stderr, and the directory that ls reads.
    assertEquals("4", inside.strip());
    int main = sandbox.inspect().getInt("processes.main.pid");
    assertEquals("0\n1\n2", TestSandbox.host("ls", "/proc/" + main + "/fd"));
    // Not even to those who look at the right moment: init's are not to be seen.
    assertEquals("refused", sandbox.sh("ls /proc/1/fd >/dev/null 2>&1 || echo refused"));
  }

  @Test
  void noDescriptorIsAPlaceToStartFrom(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    for (int fd = 3; fd < 24; fd++) {
      String door = "/proc/self/fd/" + fd;
      Response answer =
          sandbox.post("/exec", json("args", List.of("pwd"), "cwd", door, "wait", true));
      answer.then().statusCode(422).body("code", equalTo("launch_failed"));
      assertTrue(answer.asString().contains("cwd"), answer.asString());
      Response through =
          sandbox.post(
              "/exec", json("args", List.of("ls"), "cwd", door + "/../../..", "wait", true));
      assertEquals(422, through.statusCode(), through.asString());
    }
  }

  /** CVE-2025-31133, -52565, -52881: what is masked or written to is not what it seems. */
  @Test
  void anImageFullOfLinksLeadsNowhere(Daemon daemon) throws Exception {
    Path root = BusyboxRoot.make(daemon, "links");
    Files.writeString(root.resolve("mark"), "mark");
    for (String name : List.of("null", "console", "tty", "ptmx", "fd")) {
      Files.createSymbolicLink(
          root.resolve("dev").resolve(name), Path.of("/proc/sys/kernel/core_pattern"));
    }
    Files.createSymbolicLink(root.resolve("dev/pts"), Path.of("/etc"));
    String pattern = Files.readString(Path.of("/proc/sys/kernel/core_pattern"));
    TestSandbox sandbox =
        TestSandbox.started(
            daemon,
            "root",
            json("path", root.toString()),
            "process",
            json("args", TestSandbox.SLEEP, "tty", true));
    assertEquals("1 3", sandbox.sh("stat -c '%t %T' /dev/null"));
    sandbox.sh("echo x > /dev/null");
    assertEquals(
        "refused", sandbox.sh("echo x 2>/dev/null >/proc/sys/kernel/core_pattern || echo refused"));
    assertEquals(pattern, Files.readString(Path.of("/proc/sys/kernel/core_pattern")));
    assertTrue(Files.isSymbolicLink(root.resolve("dev/null")), "the image is as it was");
  }

  @ParameterizedTest
  @ValueSource(strings = {"proc", "sys", "dev"})
  void theKernelsDirectoriesMayBeLinksToo(String directory, Daemon daemon) throws Exception {
    Path root = BusyboxRoot.make(daemon, "link-" + directory);
    Files.delete(root.resolve(directory));
    Files.createSymbolicLink(root.resolve(directory), Path.of("../../../../../../etc"));
    String before =
        TestSandbox.host("sh", "-c", "ls -la /etc | cksum; grep -c . /proc/self/mounts");
    Response answer =
        TestSandbox.tryCreate(
            daemon,
            json(
                "name",
                "linked",
                "root",
                json("path", root.toString()),
                "process",
                json("args", TestSandbox.SLEEP)));
    assertTrue(List.of(201, 422).contains(answer.statusCode()), answer.asString());
    assertEquals(
        before, TestSandbox.host("sh", "-c", "ls -la /etc | cksum; grep -c . /proc/self/mounts"));
  }

  /** CVE-2021-30465: the target of a mount changes between the look and the mount. */
  @Test
  void aTargetThatChangesMeanwhileStaysInside(Daemon daemon) throws Exception {
    Path root = BusyboxRoot.make(daemon, "raced");
    String outside = "sandboxd-it-raced-" + daemon.pid();
    TestSandbox racer =
        TestSandbox.started(
            daemon,
            "root",
            json("path", root.toString()),
            "process",
            json(
                "args",
                List.of(
                    "sh",
                    "-c",
                    "while :; do mkdir -p /data/t; rm -rf /data/t; ln -s / /data/t; rm -f /data/t;"
                        + " ln -s ../../../../../../.. /data/t; rm -f /data/t; done")));
    List<Integer> statuses = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      Response answer =
          TestSandbox.tryCreate(
              daemon,
              json(
                  "name",
                  "victim",
                  "root",
                  json("path", root.toString()),
                  "mounts",
                  List.of(
                      json("destination", "/data/t/" + outside, "type", "tmpfs"),
                      json("destination", "/data/t/f" + outside, "source", "/etc/hostname")),
                  "process",
                  json("args", TestSandbox.SLEEP)));
      statuses.add(answer.statusCode());
      if (answer.statusCode() == 201) {
        TestSandbox.named(daemon, "victim").delete().then().statusCode(204);
      }
      for (String name : List.of(outside, "f" + outside)) {
        assertFalse(Files.exists(Path.of("/", name)), "made on the host");
      }
    }
    assertTrue(statuses.stream().allMatch(s -> s == 201 || s == 422), statuses.toString());
    assertEquals("running", racer.state());
  }

  @Test
  void initIsOutOfReach(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon, "process", powerful());
    for (String part : List.of("mem", "maps", "environ", "auxv", "stack", "syscall")) {
      assertEquals(
          "refused",
          sandbox.sh("head -c 1 /proc/1/" + part + " >/dev/null 2>&1 || echo refused"),
          part);
    }
    for (String link : List.of("exe", "cwd", "root", "fd", "map_files", "ns/mnt")) {
      assertEquals(
          "refused",
          sandbox.sh(
              "readlink /proc/1/"
                  + link
                  + "/. >/dev/null 2>&1 || readlink /proc/1/"
                  + link
                  + " 2>/dev/null || echo refused"),
          link);
    }
    boolean arm = System.getProperty("os.arch").equals("aarch64");
    int ptrace = arm ? 117 : 101;
    for (int request : List.of(16, 0x4206)) { // PTRACE_ATTACH, PTRACE_SEIZE
      String attach =
          "print syscall(" + ptrace + ", " + request + ", 1, 0, 0) == -1 ? $! + 0 : 'attached'";
      assertEquals("1", sandbox.exec(List.of("perl", "-e", attach)).getString("stdout"), "EPERM");
    }
    // Deaf by a limit of its own: prlimit64 of RLIMIT_NOFILE.
    String limit =
        "my $none = pack('QQ', 0, 0); print syscall("
            + (arm ? 261 : 302)
            + ", 1, 7, $none, 0) == -1 ? $! + 0 : 'limited'";
    assertEquals("1", sandbox.exec(List.of("perl", "-e", limit)).getString("stdout"), "EPERM");
    // A process that is pid 1 of a namespace gets from inside only what it has a handler for.
    sandbox.sh("for s in KILL STOP TERM HUP USR1 SEGV; do kill -$s 1 || :; done");
    assertEquals("fine", sandbox.sh("echo fine"));
    assertEquals("running", sandbox.state());
  }

  /** Also where init is a process among the others, as its pid namespace is not the sandbox's. */
  @Test
  void initIsOutOfReachAmongTheHostsProcesses(Daemon daemon) {
    TestSandbox sandbox =
        TestSandbox.started(daemon, "namespaces", json("pid", "host"), "process", powerful());
    int init = sandbox.initPid();
    assertEquals(
        "refused", sandbox.sh("head -c 1 /proc/" + init + "/mem >/dev/null 2>&1 || echo refused"));
    assertEquals("refused", sandbox.sh("ls /proc/" + init + "/fd >/dev/null 2>&1 || echo refused"));
    assertEquals("refused", sandbox.sh("kill -9 " + daemon.pid() + " 2>/dev/null || echo refused"));
    assertEquals("fine", sandbox.sh("echo fine"));
  }

  /** CVE-2020-15257: a network namespace is all that guards an abstract socket. */
  @Test
  void thereAreNoAbstractSockets(Daemon daemon) throws Exception {
    TestSandbox sandbox =
        TestSandbox.started(daemon, "namespaces", json("network", "host"), "process", powerful());
    for (long pid : List.of(daemon.pid(), (long) sandbox.initPid())) {
      List<String> sockets = new ArrayList<>();
      try (Stream<Path> fds = Files.list(Path.of("/proc/" + pid + "/fd"))) {
        for (Path fd : (Iterable<Path>) fds::iterator) {
          if (Files.isSymbolicLink(fd)) {
            String to = Files.readSymbolicLink(fd).toString();
            if (to.startsWith("socket:")) {
              sockets.add(to.replaceAll("\\D", ""));
            }
          }
        }
      }
      assertFalse(sockets.isEmpty());
      List<String> table = Files.readAllLines(Path.of("/proc/" + pid + "/net/unix"));
      for (String line : table.subList(1, table.size())) {
        String[] fields = line.strip().split(" +");
        // The kernel names who asks for credentials; to such a name nobody can connect.
        boolean listens = (Integer.parseInt(fields[3], 16) & 0x10000) != 0;
        boolean datagrams = fields[4].equals("0002");
        boolean abstractName = fields.length > 7 && fields[7].startsWith("@");
        assertFalse((listens || datagrams) && abstractName && sockets.contains(fields[6]), line);
      }
    }
    // And those with a path are behind one that the sandbox has not.
    assertEquals(
        "nothing",
        sandbox.sh(
            "ls " + daemon.socket() + " " + daemon.home() + "/state 2>/dev/null || echo nothing"));
  }

  @Test
  void theKeysOfTheDaemonAreItsOwn(Daemon daemon) {
    boolean arm = System.getProperty("os.arch").equals("aarch64");
    // KEYCTL_GET_KEYRING_ID of the session's keyring.
    String look = "print syscall(" + (arm ? 219 : 250) + ", 0, -3, 1)";
    String host = TestSandbox.host("perl", "-e", look);
    for (String user : List.of("new", "host")) {
      TestSandbox sandbox =
          TestSandbox.started(daemon, "namespaces", json("user", user), "process", powerful());
      String inside = sandbox.exec(List.of("perl", "-e", look)).getString("stdout");
      assertTrue(Long.parseLong(inside) > 0, inside);
      assertFalse(inside.equals(host), "the keyring of the host");
    }
  }

  /** All of what has let others out, from a script that an auditor can run as well. */
  @Test
  void aSandboxThatAskedForNothingOpensNothing(Daemon daemon) throws Exception {
    TestSandbox sandbox = TestSandbox.started(daemon);
    String script;
    try (InputStream in = EscapesIT.class.getResourceAsStream("/inside/escapes.sh")) {
      script = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    String said = sandbox.exec(List.of("sh", "-s"), "input", script).getString("stdout");
    assertEquals(
        "", said.lines().filter(l -> l.startsWith("OPEN")).collect(Collectors.joining("\n")));
    long holding = said.lines().filter(l -> l.startsWith("holds")).count();
    assertTrue(holding > (said.contains("# skipped") ? 80 : 120), said);
  }
}
