package io.sandboxd.registry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.Processes;
import io.sandboxd.sandbox.json.StoredJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateDirectoryTest {
  private static final ProcessStatus JOB =
      Processes.starting("job", 3, Instant.parse("2026-01-01T12:00:00Z"), "/bin/sh");

  @TempDir Path root;
  private StateDirectory directory;
  private Path processes;

  @BeforeEach
  void oneSandbox() {
    directory = new StateDirectory(root);
    directory.createSandbox("id1");
    processes = directory.sandbox("id1").resolve("processes");
  }

  @Test
  void whatThereIsOfAProcessSaysItsNumber() throws IOException {
    directory.write("id1", JOB);
    Files.writeString(processes.resolve("3.stdin"), "");
    Files.writeString(processes.resolve("12.json.new"), "cut o");
    Files.writeString(processes.resolve("notes"), "not ours");
    assertEquals(List.of(3, 12), directory.processNumbers("id1"));
    assertTrue(directory.isRecorded("id1", 3));
    assertFalse(directory.isRecorded("id1", 12));
  }

  @Test
  void nothingOfADeletedProcessStays() throws IOException {
    directory.write("id1", JOB);
    Files.writeString(processes.resolve("3.stdin"), "");
    Files.createDirectories(processes.resolve("3.input/key"));
    Files.writeString(processes.resolve("3.json.new"), "cut o");
    Files.writeString(directory.output("id1").resolve("3.stdout"), "hello");
    Files.writeString(directory.output("id1").resolve("30.stdout"), "another's");
    directory.deleteProcess("id1", 3);
    assertEquals(List.of(), directory.processNumbers("id1"));
    assertArrayEquals(new String[] {"30.stdout"}, directory.output("id1").toFile().list());
  }

  @Test
  void processesOfAnEarlierDaemonHadDirectories() throws IOException {
    Path old = Files.createDirectories(processes.resolve("3/input")).getParent();
    Files.write(old.resolve("process.json"), StoredJson.write(JOB));
    Files.writeString(old.resolve("stdin"), "fed");
    Files.writeString(old.resolve("input/key"), "of it");
    assertEquals(List.of(3), directory.processNumbers("id1"));
    assertEquals("job", directory.readProcess("id1", 3).id());
    assertEquals("fed", Files.readString(directory.stdinRecord("id1", 3)));
    assertEquals("of it", Files.readString(directory.keyedInput("id1", 3).resolve("key")));
    assertFalse(Files.exists(old));
  }
}
