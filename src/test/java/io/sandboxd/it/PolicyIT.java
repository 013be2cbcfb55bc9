package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What users may have who are no admins: each rule refuses, and lets through what it should. */
class PolicyIT {
  private static final String SANDBOXES = "/v1/sandboxes";
  private static final Map<String, Object> SLEEPER = json("args", TestSandbox.SLEEP);

  private static Path permitted;
  private static Path writable;
  private static Path secret;
  private static Neighbours here;

  @BeforeAll
  static void start() throws IOException {
    permitted = Files.createTempDirectory("sandboxd-permitted-");
    writable = Files.createTempDirectory("sandboxd-writable-");
    secret = Files.createTempDirectory("sandboxd-secret-");
    for (Path open : List.of(permitted, writable)) {
      Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
    }
    Files.writeString(secret.resolve("file"), "secret\n");
    here =
        new Neighbours(
            "policy-max-sandboxes", "2",
            "policy-memory-max", "64Mi",
            "policy-cpu-max", "0.5",
            "policy-pids-max", "30",
            "policy-host-namespaces", "time,uts",
            "policy-join-paths", permitted.toString(),
            "policy-roots", permitted + "," + writable + ":rw",
            "policy-binds", permitted + "," + writable + ":rw",
            "policy-capabilities", "CHOWN,KILL,SETUID,SETGID");
    BusyboxRoot.make(here.daemon(), "root");
    Directories.copy(here.daemon().home().resolve("root"), permitted.resolve("root"));
  }

  @AfterEach
  void clean() {
    here.daemon().deleteAll();
  }

  @AfterAll
  static void end() throws IOException {
    if (here != null) {
      here.close();
    }
    for (Path made : new Path[] {permitted, writable, secret}) {
      if (made != null) {
        Directories.delete(made);
      }
    }
  }

  /** By a create, and by the question what one would do. */
  private static void refused(String field, String rule, Map<String, ?> spec) {
    here.alice.post(SANDBOXES, spec).refused(field, rule);
    here.alice.post(SANDBOXES + "?dryRun=true", spec).refused(field, rule);
    here.alice.post(SANDBOXES + "?start=true", spec).refused(field, rule);
    assertEquals(0, here.alice.get(SANDBOXES).json().path("sandboxes").size());
  }

  private static JsonNode admitted(Map<String, ?> spec) {
    here.alice.post(SANDBOXES + "?dryRun=true", spec).expect(200);
    return here.alice.post(SANDBOXES, spec).expect(201).json();
  }

  private static Map<String, Object> process(String field, Object value) {
    return json("process", json("args", TestSandbox.SLEEP, field, value));
  }

  private static Map<String, Object> memory(Object max) {
    return json("resources", json("memory", json("max", max)));
  }

  @Test
  void whoAsksForNothingGetsTheLimits() {
    JsonNode limits = admitted(Map.of()).path("resources");
    assertEquals(64 << 20, limits.at("/memory/max").asLong());
    assertEquals(0.5, limits.at("/cpu/max").asDouble());
    assertEquals(30, limits.at("/pids/max").asLong());
  }

  @Test
  void limitsCanBeLessAndNotMore() {
    refused("resources.memory.max", "policy-memory-max", memory("65Mi"));
    refused(
        "resources.cpu.max", "policy-cpu-max", json("resources", json("cpu", json("max", 0.6))));
    refused(
        "resources.cpu.weight",
        "policy-cpu-max",
        json("resources", json("cpu", json("weight", 101))));
    refused(
        "resources.pids.max", "policy-pids-max", json("resources", json("pids", json("max", 31))));
    refused(
        "resources.io",
        "admin-group",
        json("resources", json("io", List.of(json("device", "/dev/sda", "rbps", 1)))));
    assertEquals(32 << 20, admitted(memory("32Mi")).at("/resources/memory/max").asLong());
  }

  @Test
  void limitsStayWhenTheyAreChanged() {
    String one = SANDBOXES + "/" + admitted(memory("32Mi")).path("id").asText();
    here.alice.patch(one, memory("65Mi")).refused("resources.memory.max", "policy-memory-max");
    assertEquals(32 << 20, here.alice.get(one).json().at("/resources/memory/max").asLong());
    here.alice.patch(one, memory("48Mi")).expect(200);
    // No limit is the policy's.
    String[] none = {
      "-X", "PATCH", "-H", "Content-Type: application/json", "-d", "{\"resources\":null}"
    };
    JsonNode after = here.alice.curl(one, none).expect(200).json();
    assertEquals(64 << 20, after.at("/resources/memory/max").asLong());
    assertEquals(30, after.at("/resources/pids/max").asLong());
    // An admin may give more, which is no reason to refuse other changes then.
    here.carol.patch(one, memory("128Mi")).expect(200);
    here.alice.patch(one, json("labels", json("a", "b"))).expect(200);
    assertEquals(128 << 20, here.alice.get(one).json().at("/resources/memory/max").asLong());
  }

  /** One that has been answered for is none of them, though it may still be on its way out. */
  @Test
  void oneAfterTheOtherCanBeRunWithoutEnd() {
    here.alice.post(SANDBOXES, Map.of()).expect(201);
    Map<String, Object> spec = json("process", json("args", List.of("true")));
    for (int i = 0; i < 10; i++) {
      here.alice.post("/v1/run", spec).expect(200);
    }
  }

  @Test
  void soManyAndNoMoreAlsoAtOnce() {
    List<CompletableFuture<User.Answer>> asked = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      asked.add(CompletableFuture.supplyAsync(() -> here.alice.post(SANDBOXES, Map.of())));
    }
    List<Integer> statuses = asked.stream().map(answer -> answer.join().status()).sorted().toList();
    assertEquals(List.of(201, 201, 403, 403, 403, 403), statuses);
    here.alice.post(SANDBOXES, Map.of()).refused("sandboxes", "policy-max-sandboxes");
    here.bob.post(SANDBOXES, Map.of()).expect(201);
    for (int i = 0; i < 3; i++) {
      here.carol.post(SANDBOXES, Map.of()).expect(201);
    }
  }

  @Test
  void namespacesOfTheHostAreListed() {
    for (String type : List.of("pid", "mount", "network", "ipc", "user", "cgroup")) {
      refused(
          "namespaces." + type, "policy-host-namespaces", json("namespaces", json(type, "host")));
    }
    refused(
        "namespaces.mount", "policy-host-namespaces", json("namespaces", json("default", "host")));
    admitted(json("namespaces", json("uts", "host", "time", "host")));
  }

  @Test
  void namespacesAreJoinedByPathsThatAreListed() throws IOException {
    refused(
        "namespaces.network.path",
        "policy-join-paths",
        json("namespaces", json("network", json("path", "/proc/1/ns/net"))));
    Path link = Files.createSymbolicLink(permitted.resolve("net"), Path.of("/proc/self/ns/net"));
    try {
      here.alice
          .post(
              SANDBOXES,
              json("namespaces", json("network", json("path", link.toString()), "user", "new")))
          .refused("namespaces.network.path", "policy-join-paths");
    } finally {
      Files.delete(link);
    }
    assertEquals(0, here.alice.get(SANDBOXES).json().path("sandboxes").size());
  }

  @Test
  void rightsBeyondTheUsualAreForAdmins() {
    refused(
        "idMappings",
        "admin-group",
        json("idMappings", json("uid", List.of(json("containerID", 0, "hostID", 0, "size", 1)))));
    refused("process.outputRetention", "output-retention", process("outputRetention", "5Mi"));
    refused("outputRetention", "output-retention", json("outputRetention", "5Mi"));
    refused("process.seccomp", "policy-seccomp-unconfined", process("seccomp", "unconfined"));
    refused(
        "process.capabilities[1]",
        "policy-capabilities",
        process("capabilities", List.of("CAP_KILL", "CAP_SYS_ADMIN")));
    admitted(process("capabilities", List.of("CAP_KILL")));
  }

  @Test
  void anExecHasNoMoreThanItsSandboxCould() {
    here.alice.post(SANDBOXES + "?start=true", json("name", "s", "process", SLEEPER)).expect(201);
    String exec = SANDBOXES + "/s/exec";
    List<String> args = List.of("grep", "CapEff", "/proc/self/status");
    here.alice
        .post(exec, json("args", args, "capabilities", List.of("CAP_CHOWN", "CAP_SYS_PTRACE")))
        .refused("capabilities[1]", "policy-capabilities");
    here.alice
        .post(exec, json("args", args, "seccomp", "unconfined"))
        .refused("seccomp", "policy-seccomp-unconfined");
    here.alice
        .post(exec, json("args", args, "outputRetention", "5Mi"))
        .refused("outputRetention", "output-retention");
    // Of the usual ones only those that are allowed: CHOWN, KILL, SETGID, SETUID.
    String seen =
        here.alice
            .post(exec, json("args", args, "wait", true))
            .expect(200)
            .json()
            .path("stdout")
            .asText();
    assertEquals("CapEff:\t00000000000000e1", seen.strip());
  }

  @Test
  void rootsAreInDirectoriesThatAreListed() {
    refused("root.path", "policy-roots", json("root", json("path", "/", "readonly", true)));
    for (String path :
        List.of(
            secret.toString(),
            permitted + "/../" + secret.getFileName(),
            permitted + "-else",
            permitted + "/root/../../" + secret.getFileName())) {
      refused("root.path", "policy-roots", json("root", json("path", path, "readonly", true)));
    }
    String root = permitted.resolve("root").toString();
    refused("root.readonly", "policy-roots", json("root", json("path", root)));
    admitted(json("root", json("path", root, "readonly", true)));
    admitted(json("root", json("path", root, "overlay", true)));
  }

  @Test
  void mountsAreOfDirectoriesThatAreListed() throws IOException {
    Files.createDirectories(permitted.resolve("data"));
    Files.createDirectories(writable.resolve("data"));
    refused("mounts[0].source", "policy-binds", bind(secret, "ro"));
    refused("mounts[0].source", "policy-binds", bind(Path.of("/etc/shadow"), "ro"));
    refused("mounts[0].options", "policy-binds", bind(permitted.resolve("data"), "rw"));
    refused("mounts[0].options", "admin-group", bind(writable.resolve("data"), "noidmap"));
    admitted(bind(permitted.resolve("data"), "ro"));
    admitted(bind(writable.resolve("data"), "rw"));
  }

  private static Map<String, Object> bind(Path source, String option) {
    return json(
        "mounts",
        List.of(
            json(
                "type",
                "bind",
                "source",
                source.toString(),
                "destination",
                "/tmp/data",
                "options",
                List.of(option))));
  }

  /** What is out of bounds is the same, be it there or not. */
  @Test
  void nothingIsToldOfWhatIsOutOfBounds() {
    for (Path path : List.of(secret.resolve("file"), secret.resolve("none"))) {
      String body = here.alice.post(SANDBOXES, bind(path, "ro")).expect(403).body();
      assertEquals(here.alice.post(SANDBOXES, bind(Path.of("/x"), "ro")).expect(403).body(), body);
    }
  }

  @Test
  void linksLeadNowhere() throws IOException {
    Path link = permitted.resolve("link");
    Files.createSymbolicLink(link, secret);
    Files.createSymbolicLink(permitted.resolve("inner"), permitted.resolve("root"));
    try {
      for (String path : List.of(link.toString(), link + "/file", permitted + "/inner")) {
        refused("root.path", "policy-roots", json("root", json("path", path, "readonly", true)));
        refused("mounts[0].source", "policy-binds", bind(Path.of(path), "ro"));
      }
    } finally {
      Files.delete(link);
      Files.delete(permitted.resolve("inner"));
    }
  }

  /** A directory that is a link at one moment and none at the next is never one that leads out. */
  @Test
  void aLinkThatIsSwappedNeverLeadsOut() throws Exception {
    Path place = permitted.resolve("swapped");
    Path innocent = Files.createDirectory(permitted.resolve("innocent"));
    Files.writeString(innocent.resolve("file"), "innocent\n");
    Path link = Files.createSymbolicLink(permitted.resolve("way-out"), secret);
    AtomicBoolean over = new AtomicBoolean();
    CompletableFuture<Void> swapper =
        CompletableFuture.runAsync(
            () -> {
              try {
                while (!over.get()) {
                  Files.move(innocent, place, StandardCopyOption.ATOMIC_MOVE);
                  Files.move(place, innocent, StandardCopyOption.ATOMIC_MOVE);
                  Files.move(link, place, StandardCopyOption.ATOMIC_MOVE);
                  Files.move(place, link, StandardCopyOption.ATOMIC_MOVE);
                }
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    try {
      for (int round = 0; round < 40; round++) {
        Map<String, Object> spec = bind(place, "ro");
        spec.put("name", "racer");
        User.Answer made = here.alice.post(SANDBOXES, spec);
        if (made.status() == 201) {
          String text =
              here.alice
                  .post(
                      SANDBOXES + "/racer/exec",
                      json("args", List.of("cat", "/tmp/data/file"), "wait", true))
                  .body();
          assertTrue(!text.contains("secret"), text);
          here.alice.delete(SANDBOXES + "/racer?force=true").expect(204);
        } else {
          assertTrue(List.of(400, 403, 422).contains(made.status()), made.toString());
        }
      }
    } finally {
      over.set(true);
      swapper.join();
      Directories.delete(innocent);
      Files.deleteIfExists(link);
    }
  }

  @Test
  void bodiesOfAllFormsAreCheckedAlike() {
    String spec = "{\"namespaces\":{\"user\":\"host\"}}";
    String type = "Content-Type: application/json";
    here.alice
        .curl(SANDBOXES, "-X", "POST", "-H", type, "-d", spec)
        .refused("namespaces.user", "policy-host-namespaces");
    here.alice
        .curl(SANDBOXES, "-H", type, "-H", "Transfer-Encoding: chunked", "-d", spec)
        .refused("namespaces.user", "policy-host-namespaces");
    here.alice
        .curl(SANDBOXES, "-H", type, "-d", spec + " ".repeat(100_000))
        .refused("namespaces.user", "policy-host-namespaces");
    String huge = "@" + hugeFile(spec);
    here.alice.curl(SANDBOXES, "-H", type, "--data-binary", huge).expect(413);
    here.alice
        .curl(SANDBOXES, "-H", type, "-H", "Transfer-Encoding: chunked", "--data-binary", huge)
        .expect(413);
    here.alice.curl(SANDBOXES, "-X", "POST", "-H", type).expect(400);
    here.alice.curl(SANDBOXES, "-X", "POST", "-H", type, "-H", "Content-Length: 0").expect(400);
    here.alice
        .curl(SANDBOXES, "-H", type, "-H", "Transfer-Encoding: chunked", "-d", "")
        .expect(400);
    here.alice.curl(SANDBOXES, "-H", "Content-Type: text/plain", "-d", spec).expect(415);
    assertEquals(0, here.alice.get(SANDBOXES).json().path("sandboxes").size());
  }

  private static String hugeFile(String spec) {
    try {
      Path file = writable.resolve("huge");
      Files.writeString(file, spec + " ".repeat(2 << 20));
      return file.toString();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
