package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Which system calls processes may make. */
@ExtendWith(LeakCheck.class)
@Timeout(240)
class SeccompIT {
  /** Makes each call NUMBER:ARGUMENT, and prints the errno, 0 for none. */
  private static final String CALLS =
      "for (@ARGV) { my ($n, $a) = split /:/; $! = 0; my $r = syscall($n, $a + 0, 0, 0, 0);"
          + " print $r == -1 ? $! + 0 : 0, \" \"; }";

  private static final Map<String, Object> DENY_PERSONALITY =
      json(
          "defaultAction",
          "SCMP_ACT_ALLOW",
          "syscalls",
          List.of(
              json(
                  "names",
                  List.of("personality"),
                  "action",
                  "SCMP_ACT_ERRNO",
                  "errnoRet",
                  38,
                  "args",
                  List.of(json("index", 0, "value", 8, "op", "SCMP_CMP_EQ")))));

  private static String calls(TestSandbox sandbox, List<String> calls, Object... more) {
    List<String> args = new ArrayList<>(List.of("perl", "-e", CALLS));
    args.addAll(calls);
    return sandbox.exec(args, more).getString("stdout").strip();
  }

  private static void requireX86() {
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "the numbers of calls are x86-64's");
  }

  /** As the host sees it. */
  private static String mode(int pid) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
        .filter(line -> line.startsWith("Seccomp:"))
        .findFirst()
        .orElseThrow()
        .replaceAll("\\D", "");
  }

  @Test
  void everyProcessIsFiltered(Daemon daemon) throws IOException {
    TestSandbox sandbox = TestSandbox.started(daemon);
    assertEquals("2", mode(sandbox.inspect().getInt("processes.main.pid")));
    assertEquals("2", mode(sandbox.spawn("one", TestSandbox.SLEEP).getInt("pid")));
    assertEquals("2", mode(sandbox.spawn("two", TestSandbox.SLEEP, "tty", true).getInt("pid")));
    assertEquals("0", mode(sandbox.initPid()), "what it would need is more than it gives");
    daemon.stop();
    daemon.start();
    assertEquals("2", mode(sandbox.spawn("three", TestSandbox.SLEEP).getInt("pid")));
  }

  @Test
  void whatIsDeniedGivesTheErrnoOfTheProfile(Daemon daemon) {
    requireX86();
    TestSandbox sandbox = TestSandbox.started(daemon);
    // unshare, keyctl, mount, io_uring_setup, bpf, userfaultfd, kexec_load, add_key, pivot_root
    List<String> denied =
        List.of("272:268435456", "250", "165", "425:1", "321", "323", "246", "248", "155");
    assertEquals("1 1 1 1 1 1 1 1 1", calls(sandbox, denied));
    // clone3, and one that is not made yet
    assertEquals("38 38", calls(sandbox, List.of("435", "509")));
    // socket: AF_UNIX has no protocol of type 0, AF_VSOCK and AF_ALG are not even looked at
    assertEquals("94 1 1 1", calls(sandbox, List.of("41:1", "41:40", "41:38", "41:4294967336")));
    // personality: what it is, and READ_IMPLIES_EXEC
    assertEquals("0 1", calls(sandbox, List.of("135:4294967295", "135:4194304")));
    // ptrace(PTRACE_TRACEME), getpid
    assertEquals("0 0", calls(sandbox, List.of("101", "39")));
    // The same by the numbers of x32, be it that the kernel has that or not.
    for (String errno : calls(sandbox, List.of("1073742096:268435456", "1073742074")).split(" ")) {
      assertTrue(List.of("1", "38").contains(errno), errno);
    }
    String unshare = "unshare -U true 2>&1 || echo no";
    assertTrue(sandbox.sh(unshare).contains("Operation not permitted"));
    assertEquals("", sandbox.sh("unshare -U true", "seccomp", "unconfined"));
  }

  /** What is not denied by the filter fails by itself, or does not: EPERM could be anybody's. */
  @Test
  void itIsTheFilterThatDenies(Daemon daemon) {
    requireX86();
    TestSandbox sandbox = TestSandbox.started(daemon);
    List<String> calls = List.of("272:268435456", "250", "425:1", "135:4194304", "41:40");
    String free = calls(sandbox, calls, "seccomp", "unconfined");
    assertEquals("1 1 1 1 1", calls(sandbox, calls));
    assertTrue(!free.contains("1 1"), free);
    assertTrue(free.startsWith("0 "), free);
  }

  @Test
  void capabilitiesOpenWhatTheyAreAbout(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    List<String> admin = List.of("CAP_SYS_ADMIN");
    assertEquals("", sandbox.sh("mount -t tmpfs none /tmp", "capabilities", admin));
    assertEquals("", sandbox.sh("unshare -n true", "capabilities", admin));
  }

  @Test
  void unconfinedIsNotFilteredAndPassesItsFreedomOn(Daemon daemon) throws IOException {
    TestSandbox sandbox =
        TestSandbox.started(
            daemon, "process", json("args", TestSandbox.SLEEP, "seccomp", "unconfined"));
    assertEquals("0", mode(sandbox.inspect().getInt("processes.main.pid")));
    assertEquals("0", mode(sandbox.spawn("one", TestSandbox.SLEEP).getInt("pid")));
    assertEquals(
        "2", mode(sandbox.spawn("two", TestSandbox.SLEEP, "seccomp", "default").getInt("pid")));
  }

  @Test
  void aProfileOfOnesOwn(Daemon daemon) {
    requireX86();
    TestSandbox sandbox =
        TestSandbox.started(
            daemon, "process", json("args", TestSandbox.SLEEP, "seccomp", DENY_PERSONALITY));
    assertEquals(
        "SCMP_CMP_EQ", sandbox.inspect().getString("spec.process.seccomp.syscalls[0].args[0].op"));
    assertEquals("38 0", calls(sandbox, List.of("135:8", "135:4294967295")), "inherited");
    daemon.stop();
    daemon.start();
    assertEquals("38 0", calls(sandbox, List.of("135:8", "135:4294967295")), "still");
    assertEquals("0", calls(sandbox, List.of("135:8"), "seccomp", "default"));
    Map<String, Object> noExec =
        json(
            "defaultAction",
            "SCMP_ACT_ALLOW",
            "syscalls",
            List.of(json("names", List.of("execve"), "action", "SCMP_ACT_ERRNO", "errnoRet", 18)));
    sandbox
        .post("/exec", json("args", List.of("true"), "seccomp", noExec))
        .then()
        .statusCode(422)
        .body("step", equalTo("execve"), "errno", equalTo(18));
  }

  @Test
  void whatDoesNotCompileIsRefusedAndNothingIsMade(Daemon daemon) {
    Map<String, Object> rule = json("names", List.of("chmdo"), "action", "SCMP_ACT_ERRNO");
    Map<String, Object> profile =
        json(
            "defaultAction",
            "SCMP_ACT_ALLOW",
            "syscalls",
            List.of(json("names", List.of("read"), "action", "SCMP_ACT_LOG"), rule));
    Map<String, Object> process = json("args", List.of("true"), "seccomp", profile);
    for (String query : List.of("", "?dryRun=true", "?start=true")) {
      daemon
          .given()
          .body(json("name", "never", "process", process))
          .post("/v1/sandboxes" + query)
          .then()
          .statusCode(400)
          .body("code", equalTo("invalid_spec"))
          .body("field", equalTo("process.seccomp.syscalls[1]"))
          .body("detail", containsString("chmdo"));
    }
    daemon.given().get("/v1/sandboxes/never").then().statusCode(404);
    TestSandbox sandbox = TestSandbox.started(daemon);
    sandbox
        .post("/exec", process)
        .then()
        .statusCode(400)
        .body("field", equalTo("seccomp.syscalls[1]"));
    assertEquals(1, sandbox.get("/processes").jsonPath().getList("processes").size());
  }

  /** The filter is there before the privileges go; a program with the set-uid bit still gains. */
  @Test
  void withPrivilegesToBeGained(Daemon daemon) {
    Map<String, Object> mount =
        json("destination", "/mnt", "type", "tmpfs", "options", List.of("suid", "mode=755"));
    TestSandbox sandbox = TestSandbox.started(daemon, "mounts", List.of(mount));
    String look = "grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status | tr -d '\\n\\t'";
    assertEquals("NoNewPrivs:0Seccomp:2", sandbox.sh(look, "noNewPrivileges", false));
    Map<String, Object> user = json("uid", 1000, "gid", 1000);
    assertEquals("NoNewPrivs:0Seccomp:2", sandbox.sh(look, "noNewPrivileges", false, "user", user));
    assertEquals("NoNewPrivs:1Seccomp:2", sandbox.sh(look, "user", user));
    sandbox.sh("cp /usr/bin/id /mnt/id; chmod 4755 /mnt/id");
    assertEquals("0", sandbox.sh("/mnt/id -u", "noNewPrivileges", false, "user", user));
    assertEquals("1000", sandbox.sh("/mnt/id -u", "user", user));
  }

  @Test
  void withTheHostsUsers(Daemon daemon) throws IOException {
    TestSandbox sandbox = TestSandbox.started(daemon, "namespaces", json("user", "host"));
    assertEquals("2", mode(sandbox.inspect().getInt("processes.main.pid")));
    int gaining =
        sandbox.spawn("gaining", TestSandbox.SLEEP, "noNewPrivileges", false).getInt("pid");
    assertEquals("2", mode(gaining));
  }

  @Test
  void aDryRunTellsOfItWithoutAllOfIt(Daemon daemon) {
    daemon
        .given()
        .body(json("process", json("args", List.of("true"))))
        .post("/v1/sandboxes?dryRun=true")
        .then()
        .statusCode(200)
        .body("steps.find { it.step == 'seccomp' }.call", startsWith("seccomp(0, "))
        .body("steps.find { it.step == 'seccomp' }.call", containsString(" bytes, sha256 "));
  }

  /** Threads, pipes, sockets, subprocesses, compilers: what everybody does. */
  @Test
  void usualProgramsRun(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    assertEquals("3", sandbox.sh("printf 'c\\nb\\na\\n' | sort | wc -l"));
    assertEquals(
        "25",
        sandbox.sh(
            "perl -MSocket -e 'socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or die;"
                + " if (!fork) { syswrite $a, 5 * 5; exit } wait; sysread $b, my $n, 9; print $n'"));
    assertEquals(
        "", sandbox.sh("perl -MSocket -e 'socket(my $s, AF_INET, SOCK_STREAM, 0) or die'"));
    assertEquals("x", sandbox.sh("cd /tmp && echo x > f && tar cf - f | tar xOf -"));
    if (Files.isExecutable(Path.of("/usr/bin/python3"))) {
      assertEquals(
          "10",
          sandbox.sh(
              "python3 -c 'import threading, queue; q = queue.Queue();"
                  + " [threading.Thread(target=q.put, args=(i,)).start() for i in range(5)];"
                  + " print(sum(q.get() for _ in range(5)))'"));
    }
    if (Files.isExecutable(Path.of("/usr/bin/java"))) {
      assertTrue(sandbox.sh("java -Xmx32m -version 2>&1").contains("Runtime"));
    }
  }
}
