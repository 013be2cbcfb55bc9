package io.sandboxd.launch.shell;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.launch.FdSource;
import io.sandboxd.launch.LaunchPlanner;
import io.sandboxd.launch.LaunchRequest;
import io.sandboxd.launch.LaunchRequests;
import io.sandboxd.launch.ProcessPlanner;
import io.sandboxd.launch.Step;
import io.sandboxd.linux.Blob;
import io.sandboxd.linux.SeccompFilter;
import io.sandboxd.sandbox.IdMapping;
import io.sandboxd.sandbox.NamespaceSource;
import io.sandboxd.sandbox.ProcessSpec.Rlimit;
import io.sandboxd.sandbox.SandboxSpec.IdMappings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandsTest {
  private static final List<IdMapping> IDS = List.of(new IdMapping(0, 100000, 65536));

  private static String script(LaunchRequest request, List<Step> process) {
    Commands commands =
        new Commands()
            .run(
                LaunchPlanner.enter(request),
                CommandsTest::file,
                new IdMappings(IDS, IDS),
                LaunchPlanner.furnish(request),
                "/var/lib/layers/x",
                process);
    return String.join("\n", commands.lines()) + "\n";
  }

  private static String file(FdSource.Namespace namespace) {
    return namespace.source() instanceof NamespaceSource.OfPath of
        ? of.path()
        : "/proc/17/ns/" + namespace.type().procName();
  }

  private static List<Step> process(String... args) {
    return ProcessPlanner.steps(
        new ProcessPlanner.Process(
            List.of(args),
            Map.of("A", "a b"),
            "/tmp",
            1000,
            1001,
            List.of(7L, 8L),
            1L << 10 | 1,
            true,
            true,
            Map.of(7, new Rlimit(1024L, -1L)),
            077,
            null,
            new SeccompFilter(0, Blob.of(new byte[8])),
            false),
        List.of());
  }

  /**
   * Each NAME.json has its script beside it in NAME.sh; {@code
   * -Dplans.rewrite=src/test/resources/plans} writes them anew, for a look at the difference.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "defaults",
        "all-host",
        "only-network",
        "root",
        "overlay",
        "root-host-user",
        "mounts",
        "joined",
        "time"
      })
  void scriptsAsWritten(String name) throws IOException {
    String actual = script(LaunchRequests.read(name), process("/bin/echo", "it's me"));
    String rewrite = System.getProperty("plans.rewrite");
    if (rewrite != null) {
      Files.writeString(Path.of(rewrite, name + ".sh"), actual);
    }
    assertEquals(LaunchRequests.resource(name + ".sh"), actual);
  }

  /** What a client writes into a spec must not become a command of the host's. */
  @Test
  void noArgumentEndsWhatIsForTheInside() throws Exception {
    String hostile = "x\nINSIDE\ntouch /tmp/outside\nINSIDE_\n'$(id)'";
    String script =
        script(LaunchRequests.read("only-network"), process("/bin/echo", hostile, "-n"));
    assertTrue(script.endsWith("\nINSIDE__\n"), script);
    String echoed = script.replaceFirst("(?s).*-- /bin/echo ", "printf '%s|' ");
    Process shell = new ProcessBuilder("sh", "-c", echoed.replace("INSIDE__\n", "")).start();
    String words = new String(shell.getInputStream().readAllBytes(), UTF_8);
    assertTrue(shell.waitFor(1, TimeUnit.MINUTES));
    assertEquals(hostile + "|-n|", words);
  }
}
