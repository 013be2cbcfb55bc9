package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.path.json.JsonPath;
import io.restassured.response.Response;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A sandbox that was a blank is as isolated as one that was made at once: all that can be seen of
 * either, from the inside and from the host, is the same.
 */
@ExtendWith(LeakCheck.class)
class PoolIsolationIT {
  private static final List<String> INSIDE =
      List.of(
          "hostname; cat /proc/sys/kernel/domainname",
          "sed 's/^[0-9]* [0-9]* [0-9:]* //' /proc/self/mountinfo",
          "grep -E '^(Uid|Gid|Groups|Cap|NoNew|Secc|NSpid|Umask|SigIgn|SigBlk)' /proc/self/status",
          "grep -E '^(Uid|Gid|Groups|Cap|NoNew|Secc|NSpid|Umask|SigIgn|SigBlk|Tracer|Threads)'"
              + " /proc/1/status",
          "env | sort",
          "cat /proc/self/uid_map /proc/self/gid_map /proc/self/cgroup /proc/self/limits",
          "cat /proc/self/oom_score_adj /proc/1/oom_score_adj",
          "cat /proc/net/dev | sed 's/:.*//'; ls /sys/class/net",
          "cat /proc/net/route /proc/net/if_inet6 | cut -c 1-32",
          "ls -l /dev | sed 's/.*[0-9][0-9]:[0-9][0-9] //'",
          "wc -l < /proc/keys 2>/dev/null || true",
          "ipcs 2>/dev/null || cat /proc/sysvipc/shm /proc/sysvipc/sem /proc/sysvipc/msg",
          "cd /proc/sys; find net fs/mqueue kernel/shm* kernel/msg* kernel/sem -type f 2>/dev/null"
              + " | grep -vE 'random|conntrack_count|_key$|stable_secret|/key' | sort"
              + " | while read f; do echo $f $(cat $f 2>/dev/null); done");

  /** What the kernel counts differs with every look. */
  private static final Pattern COUNTED =
      Pattern.compile(
          ".*(stat|events|usage|procs|tasks|pressure|current|peak|numa|failcnt|slabinfo|kill"
              + "|event_control|threads|service|serviced|time|_merged|queued|sectors|local"
              + "|reset|reclaim).*");

  private static String identical(String text, Map<String, Object> own) {
    String same = text;
    for (Map.Entry<String, Object> each : own.entrySet()) {
      same = same.replace(each.getValue().toString(), each.getKey());
    }
    return same;
  }

  /** Everything, by where it was seen. */
  private static Map<String, String> look(Daemon daemon, TestSandbox sandbox) throws IOException {
    Map<String, Object> own = new LinkedHashMap<>();
    int pid = sandbox.initPid();
    String id = sandbox.id();
    own.put("ID", id);
    own.put("NAME", sandbox.inspect().getString("name"));
    own.put("PID", "/proc/" + pid);
    Object base = sandbox.inspect().get("idMappings.uid[0].hostID");
    if (base != null) {
      own.put("BASE", base);
      own.put("LAST", ((Number) base).longValue() + 65_535);
    }
    Map<String, String> seen = new TreeMap<>();
    INSIDE.forEach(script -> seen.put("inside: " + script, sandbox.sh(script)));
    seen.put("security", sandbox.get("/security").asString().replaceAll("\"pid\":\\d+", ""));
    seen.put(
        "namespaces",
        sandbox.inspect().getMap("namespaces").toString().replaceAll("id=\\d+|inode=\\d+", "N"));
    fromTheHost(Path.of("/proc/" + pid), seen);
    for (Path hierarchy : HostCgroups.hierarchies()) {
      Path group = hierarchy.resolve(daemon.cgroupRoot().substring(1)).resolve(id);
      if (Files.isDirectory(group)) {
        files(group, seen);
      }
    }
    Map<String, String> same = new TreeMap<>();
    seen.forEach((where, what) -> same.put(identical(where, own), identical(what, own)));
    return same;
  }

  private static void fromTheHost(Path init, Map<String, String> seen) throws IOException {
    for (String file :
        List.of(
            "cmdline",
            "environ",
            "cgroup",
            "limits",
            "oom_score_adj",
            "personality",
            "comm",
            "setgroups",
            "uid_map",
            "gid_map",
            "projid_map",
            "timens_offsets",
            "coredump_filter",
            "loginuid")) {
      if (Files.exists(init.resolve(file))) {
        seen.put("init: " + file, Files.readString(init.resolve(file)));
      }
    }
    seen.put(
        "init: status",
        HostCgroups.lines(init.resolve("status")).stream()
            .filter(line -> !line.matches("(Pid|Tgid|Ngid|NS.*|Vm.*|Rss.*|Hugetlb.*|.*ctxt.*):.*"))
            .collect(Collectors.joining("\n")));
    seen.put(
        "init: mounts",
        HostCgroups.lines(init.resolve("mountinfo")).stream()
            .map(line -> line.split(" ", 4)[3].replaceAll("(shared|master):\\d+", "$1"))
            .collect(Collectors.joining("\n")));
    Map<String, String> open = new TreeMap<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(init.resolve("fd"))) {
      for (Path fd : all) {
        String kind = Files.readSymbolicLink(fd).toString().replaceAll("\\[\\d+\\]", "");
        open.merge(kind, "1", (had, one) -> had + one);
      }
    }
    seen.put("init: open", open.toString());
    seen.put("init: cwd", Files.readSymbolicLink(init.resolve("cwd")).toString());
    seen.put("init: root", Files.readSymbolicLink(init.resolve("root")).toString());
  }

  private static void files(Path group, Map<String, String> seen) throws IOException {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(group)) {
      for (Path file : all) {
        if (Files.isRegularFile(file)
            && !COUNTED.matcher(file.getFileName().toString()).matches()) {
          seen.put("cgroup: " + file, String.join("\n", HostCgroups.lines(file)));
        }
      }
    }
  }

  private static final String LIMITED =
      "{\"resources\":{\"memory\":{\"max\":\"64Mi\"},\"pids\":{\"max\":40},\"cpu\":{\"max\":0.5}},"
          + "\"hostname\":\"inside\",\"domainname\":\"of.ours\","
          + "\"sysctls\":{\"net.ipv4.ip_forward\":\"1\"}}";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        LIMITED,
        "{\"namespaces\":{\"user\":\"host\"}}",
        "{\"namespaces\":{\"network\":\"host\",\"time\":\"new\"}}",
        "{\"root\":{\"path\":\"/\",\"overlay\":true}}"
      })
  void nothingTellsThemApart(String spec, Daemon daemon) throws IOException {
    daemon.stop();
    daemon.start(); // so that there is no blank
    Map<String, Object> asked = new LinkedHashMap<>(JsonPath.from(spec).getMap(""));
    asked.put("process", json("args", TestSandbox.SLEEP));
    Map<String, String> fresh = madeOf(daemon, asked, "made-at-once", false);
    Map<String, String> blank = madeOf(daemon, asked, "made-of-blank", true);
    assertEquals(fresh.keySet(), blank.keySet(), "what there is to see");
    fresh.forEach((where, what) -> assertEquals(what, blank.get(where), where));
  }

  private static Map<String, String> madeOf(
      Daemon daemon, Map<String, Object> asked, String name, boolean ofBlank) throws IOException {
    if (ofBlank) {
      PoolIT.awaitReady(daemon, 1);
    }
    asked.put("name", name);
    Response created = TestSandbox.tryCreate(daemon, asked);
    assertEquals(201, created.statusCode(), created.asString());
    assertEquals(ofBlank, PoolIT.wasBlank(created));
    TestSandbox sandbox = TestSandbox.named(daemon, name);
    sandbox.post("/start").then().statusCode(200);
    Map<String, String> seen = look(daemon, sandbox);
    assertEquals(204, sandbox.delete().statusCode());
    return seen;
  }

  /** Blanks are never used twice: what one has left behind is not there for the next. */
  @Test
  void nothingPassesFromOneToTheNext(Daemon daemon) {
    String traces =
        "ls /tmp /dev/shm /dev/mqueue; cat /proc/sysvipc/msg | wc -l; hostname;"
            + " cat /proc/sys/net/ipv4/ip_forward";
    TestSandbox.started(daemon, "name", "a").delete();
    PoolIT.awaitAny(daemon);
    Set<String> ids = new HashSet<>();
    String clean = null;
    for (int i = 0; i < 4; i++) {
      Response created =
          TestSandbox.tryCreate(
              daemon,
              json("name", "b", "hostname", "b", "process", json("args", TestSandbox.SLEEP)));
      assertTrue(PoolIT.wasBlank(created));
      TestSandbox sandbox = TestSandbox.named(daemon, "b");
      sandbox.post("/start").then().statusCode(200);
      String seen = sandbox.sh(traces);
      clean = clean == null ? seen : clean;
      assertEquals(clean, seen);
      assertTrue(ids.add(created.jsonPath().getString("id")));
      sandbox.sh("touch /tmp/trace /dev/shm/trace; ipcmk -Q >/dev/null 2>&1 || true");
      assertEquals(204, sandbox.delete().statusCode());
      PoolIT.awaitAny(daemon);
    }
  }
}
