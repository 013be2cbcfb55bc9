package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.path.json.JsonPath;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What holds for a sandbox that asks for nothing, what can be had instead, and that this is told.
 */
@ExtendWith(LeakCheck.class)
class SecurityIT {
  private static JsonPath security(TestSandbox sandbox) {
    return sandbox.get("/security").then().statusCode(200).extract().jsonPath();
  }

  @Test
  void theDefaultsHold(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.started(daemon);
    JsonPath found = security(sandbox);
    assertEquals("main", found.getString("process"));
    long base = found.getLong("idMappings.uid[0].hostID");
    assertTrue(base >= 65_536, "ids of its own");
    assertEquals(65_536, found.getLong("idMappings.uid[0].size"));
    assertEquals(base, found.getLong("uid"));
    assertTrue(found.getBoolean("noNewPrivileges"));
    for (String set : List.of("effective", "permitted", "bounding")) {
      assertEquals(
          List.of(
              "CAP_CHOWN",
              "CAP_DAC_OVERRIDE",
              "CAP_FOWNER",
              "CAP_FSETID",
              "CAP_KILL",
              "CAP_SETGID",
              "CAP_SETUID",
              "CAP_SETPCAP",
              "CAP_NET_BIND_SERVICE",
              "CAP_NET_RAW",
              "CAP_SYS_CHROOT",
              "CAP_SETFCAP"),
          found.getList("capabilities." + set),
          set);
    }
    assertEquals(List.of(), found.getList("capabilities.ambient"));
    assertEquals("filter", found.getString("seccomp.mode"));
    assertTrue(found.getList("devices.allowed").contains("c 1:3 rwm"));
    assertFalse(found.getList("devices.allowed").contains("a *:* rwm"));
    assertEquals("lo", sandbox.sh("ls /sys/class/net"));

    JsonPath limits = sandbox.inspect();
    assertEquals(2048, limits.getInt("resources.pids.max"));
    long all =
        (long)
            (Double.parseDouble(TestSandbox.host("awk", "/MemTotal/{print $2}", "/proc/meminfo"))
                * 1024);
    long max = limits.getLong("resources.memory.max");
    assertTrue(max > all * 0.49 && max <= all * 0.5, max + " of " + all);
    for (String type : List.of("pid", "mount", "network", "ipc", "uts", "user", "cgroup")) {
      assertEquals("new", limits.getString("namespaces." + type + ".origin"), type);
    }
  }

  @Test
  void whatTellsOfTheMachineIsOutOfSight(Daemon daemon) {
    for (String user : List.of("new", "host")) {
      TestSandbox sandbox = TestSandbox.started(daemon, "namespaces", json("user", user));
      for (String file :
          List.of("kcore", "keys", "timer_list", "interrupts", "kmsg", "kpagecount")) {
        if (Files.exists(Path.of("/proc", file))) {
          assertEquals("0", sandbox.sh("head -c 4096 /proc/" + file + " | wc -c"), file);
        }
      }
      assertEquals(
          "", sandbox.sh("ls /sys/firmware /sys/kernel/debug 2>/dev/null | grep -v : || :"));
    }
  }

  @Test
  void limitsAndPathsCanBeOthers(Daemon daemon) {
    TestSandbox sandbox =
        TestSandbox.started(
            daemon,
            "maskedPaths",
            List.of("/proc/uptime", "/proc/not-of-this-kernel", "/sys/class"),
            "readonlyPaths",
            List.of(),
            "process",
            json("args", TestSandbox.SLEEP, "capabilities", List.of("CAP_NET_ADMIN")),
            "resources",
            json("memory", json("max", "max"), "pids", json("max", 4194304)));
    assertEquals("", sandbox.sh("cat /proc/uptime; ls /sys/class"));
    assertTrue(sandbox.sh("wc -l < /proc/interrupts").matches("[1-9][0-9]*"));
    // Not read-only any more.
    assertEquals(
        "40000 50001",
        sandbox.sh(
            "f=/proc/sys/net/ipv4/ip_local_port_range; echo 40000 50001 > $f; echo $(cat $f)"));
    assertEquals(Long.MAX_VALUE, sandbox.inspect().getLong("resources.memory.max"));
    TestSandbox.tryCreate(daemon, json("maskedPaths", List.of("/etc/passwd")))
        .then()
        .statusCode(400)
        .body("field", equalTo("maskedPaths[0]"));
  }

  @Test
  void devicesHaveToBeAllowed(Daemon daemon) {
    String rtc = "/dev/fuse";
    if (!Files.exists(Path.of(rtc))) {
      rtc = "/dev/loop-control";
    }
    List<Object> capabilities = List.of("CAP_MKNOD", "CAP_DAC_OVERRIDE");
    TestSandbox without =
        TestSandbox.started(
            daemon,
            "namespaces",
            json("user", "host"),
            "mounts",
            List.of(json("destination", "/mnt", "type", "tmpfs")),
            "process",
            json("args", TestSandbox.SLEEP, "capabilities", capabilities));
    String numbers = TestSandbox.host("stat", "-c", "%Hr %Lr", rtc);
    assertEquals(
        "made, refused",
        without.sh(
            "mknod /mnt/d c "
                + numbers
                + " && echo -n made,; (: <>/mnt/d) 2>/dev/null || echo ' refused'"));
    TestSandbox with =
        TestSandbox.started(
            daemon,
            "namespaces",
            json("user", "host"),
            "devices",
            List.of(json("path", "/dev/one", "source", rtc, "access", "rw")),
            "process",
            json("args", TestSandbox.SLEEP));
    assertEquals("opened", with.sh("exec 3<>/dev/one && echo opened"));
    String rule = "c " + numbers.replace(' ', ':') + " rw";
    assertTrue(security(with).getList("devices.allowed").contains(rule), rule);
    // The usual ones are there all the same, and others are not.
    assertEquals("refused", with.sh("echo x >/dev/null; test -e /dev/kmsg || echo refused"));
    daemon.kill();
    daemon.start();
    assertEquals("opened", with.sh("exec 3<>/dev/one && echo opened"), "after a restart");
    assertTrue(security(with).getList("devices.allowed").contains(rule), rule);
  }

  @Test
  void whatIsNoDeviceIsRefused(Daemon daemon) {
    for (String source : List.of("/etc/passwd", "/dev/not-there", "/dev", "/dev/stdin")) {
      TestSandbox.tryCreate(
              daemon, json("devices", List.of(json("path", "/dev/x", "source", source))))
          .then()
          .statusCode(400)
          .body("field", equalTo("devices[0]"));
    }
    TestSandbox.tryCreate(daemon, json("devices", List.of(json("path", "/etc/x"))))
        .then()
        .statusCode(400)
        .body("field", equalTo("devices[0].path"));
  }

  @Test
  void itIsToldOfEachProcess(Daemon daemon) {
    TestSandbox sandbox = TestSandbox.create(daemon);
    assertEquals("init", security(sandbox).getString("process"));
    sandbox.post("/start").then().statusCode(200);
    sandbox.spawn("bare", TestSandbox.SLEEP, "capabilities", List.of(), "user", json("uid", 7));
    JsonPath bare =
        sandbox.get("/security?process=bare").then().statusCode(200).extract().jsonPath();
    assertEquals(List.of(), bare.getList("capabilities.permitted"));
    assertEquals(7, bare.getLong("uid") - bare.getLong("idMappings.uid[0].hostID"));
    sandbox.post("/processes/bare/kill", json("signal", "KILL")).then().statusCode(204);
    sandbox.awaitProcess("bare");
    sandbox.get("/security?process=bare").then().statusCode(409);
    sandbox.get("/security?process=nobody").then().statusCode(404);
  }

  /** A sandbox may make more mounts than anybody wants to read. */
  @Test
  void manyMountsAreCutShort(Daemon daemon) {
    TestSandbox sandbox =
        TestSandbox.started(
            daemon,
            "process",
            json(
                "args",
                TestSandbox.SLEEP,
                "capabilities",
                List.of("CAP_SYS_ADMIN"),
                "seccomp",
                "unconfined"));
    sandbox.sh("i=0; while [ $i -lt 1200 ]; do mount -t tmpfs x /tmp; i=$((i+1)); done");
    JsonPath found = security(sandbox);
    assertEquals(1_000, found.getList("mounts").size());
    assertTrue(found.getInt("mountsOmitted") > 200, found.getString("mountsOmitted"));
  }
}
