package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.restassured.path.json.JsonPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a create tells of itself with {@code dryRun}: does it come true? */
@ExtendWith(LeakCheck.class)
class ExplainIT {
  private static JsonPath explain(Daemon daemon, Map<String, Object> spec) {
    return daemon
        .given()
        .body(spec)
        .post("/v1/sandboxes?dryRun=true")
        .then()
        .statusCode(200)
        .extract()
        .jsonPath();
  }

  @Test
  void nothingIsMade(Daemon daemon) {
    Map<String, Object> spec = json("name", "idea", "process", json("args", List.of("true")));
    JsonPath told = explain(daemon, spec);
    assertEquals(List.of(), daemon.given().get("/v1/sandboxes").jsonPath().getList("sandboxes"));
    List<String> phases = told.getList("steps.phase");
    assertTrue(phases.containsAll(List.of("cgroup", "enter", "furnish", "process")));
    // The range of ids is that of the sandbox that is made next.
    Object range = told.get("idMappings");
    TestSandbox made = TestSandbox.create(daemon, "name", "idea");
    assertEquals(range, made.inspect().get("idMappings"));
  }

  @Test
  void whatCannotBeIsRefusedAllTheSame(Daemon daemon) {
    daemon
        .given()
        .body(json("root", json("path", "/nowhere")))
        .post("/v1/sandboxes?dryRun=true")
        .then()
        .statusCode(400)
        .body("field", equalTo("root.path"));
    daemon
        .given()
        .body(json("process", json("args", List.of("true"), "user", json("uid", "nobody-here"))))
        .post("/v1/sandboxes?dryRun=true")
        .then()
        .statusCode(400)
        .body("code", equalTo("invalid_spec"));
  }

  /**
   * Of mounts that others cover only the uppermost is compared: a path leads to no other.
   *
   * <p>With the host's user namespace: newuidmap(1) would want the host's files changed.
   */
  @Test
  void theCommandsComeToTheSame(Daemon daemon) throws IOException {
    String look =
        """
        exec 2>&1
        hostname; id -u; pwd; umask; ulimit -n; echo "$A"
        grep -E 'Cap|NoNewPrivs|Groups' /proc/self/status
        cat /proc/self/cgroup; ip -o link
        awk '{seen[$5] = $6} END {for (place in seen) print place, seen[place]}' /proc/self/mountinfo | sort
        ls -l /dev | awk '{print $1, $5, $6, $10, $11, $12}'
        touch /tmp/x /etc/x || echo "read-only"
        """;
    Map<String, Object> spec =
        json(
            "name",
            "twin",
            "namespaces",
            json("user", "host"),
            "hostname",
            "double",
            "resources",
            json("pids", json("max", 40), "memory", json("max", "64Mi")),
            "process",
            json(
                "args",
                List.of("sh", "-c", look),
                "env",
                json("A", "it's $HOME"),
                "cwd",
                "/usr",
                "umask",
                0077,
                "rlimits",
                json("nofile", 100)));
    Path script = daemon.home().resolve("script");
    Files.writeString(script, String.join("\n", explain(daemon, spec).getList("commands")));
    String cgroup = explain(daemon, spec).getString("cgroup");
    String byHand;
    try {
      byHand = TestSandbox.host("sh", "-e", script.toString());
    } finally {
      removeGroups(cgroup);
    }
    TestSandbox.tryCreate(daemon, spec).then().statusCode(201);
    TestSandbox sandbox = TestSandbox.named(daemon, "twin");
    sandbox.post("/start").then().statusCode(200);
    sandbox.get("/wait").then().statusCode(200);
    assertEquals(sandbox.output("main").strip(), byHand.strip());
    assertTrue(byHand.startsWith("double\n0\n/usr\n0077\n100\nit's $HOME\n"), byHand);
    assertTrue(byHand.endsWith("read-only"), byHand);
  }

  private static void removeGroups(String cgroup) throws IOException {
    try (var hierarchies = Files.list(Path.of("/sys/fs/cgroup"))) {
      for (Path hierarchy : hierarchies.toList()) {
        Files.deleteIfExists(Path.of(hierarchy + cgroup));
      }
    }
    Files.deleteIfExists(Path.of("/sys/fs/cgroup" + cgroup));
  }
}
