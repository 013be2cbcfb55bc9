package io.sandboxd.registry;

import io.sandboxd.Fuzz;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.Processes;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxStatus;
import io.sandboxd.sandbox.Specs;
import io.sandboxd.sandbox.json.StoredJson;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A damaged state file is refused, or can be read again as it would be written. */
class FuzzedStateTest {
  private static final Instant NOON = Instant.parse("2024-06-01T12:00:00Z");

  @TempDir Path root;

  @Test
  void sandboxes() throws Exception {
    StateDirectory directory = new StateDirectory(root);
    Path sandbox = Files.createDirectories(directory.sandbox("id1"));
    SandboxStatus status = SandboxStatus.creating("id1", "web", Specs.read(Specs.FULL), NOON);
    Fuzz.json(
        "a sandbox's file",
        List.of(
            StoredJson.write(status),
            StoredJson.write(status.change().pid(7).build().started(NOON))),
        input -> {
          Files.write(sandbox.resolve("sandbox.json"), input);
          try {
            StoredJson.write(directory.readSandbox("id1"));
          } catch (SandboxException | IllegalStateException | UncheckedIOException e) {
            // It says what is wrong; the sandbox is set aside.
          }
        });
  }

  @Test
  void processes() throws Exception {
    StateDirectory directory = new StateDirectory(root);
    Path process =
        Files.createDirectories(directory.sandbox("id1").resolve("processes")).resolve("1.json");
    ProcessStatus status = Processes.starting("main", 1, NOON, "/bin/sh");
    Fuzz.json(
        "a process's file",
        List.of(StoredJson.write(status), StoredJson.write(status.withPids(7, 2))),
        input -> {
          Files.write(process, input);
          try {
            StoredJson.write(directory.readProcess("id1", 1));
          } catch (SandboxException | IllegalStateException | UncheckedIOException e) {
            // As above.
          }
        });
  }
}
