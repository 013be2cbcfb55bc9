package io.sandboxd.cgroup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A real process that entered a group by itself, as sandbox-init does, and then runs a shell
 * script.
 */
final class Inhabitant {
  private static final long LONGEST_SECONDS = 120;
  private final Process process;

  private Inhabitant(Process process) {
    this.process = process;
  }

  static Inhabitant start(Cgroup group, String script) throws IOException {
    String enter =
        group.entrances().stream()
            .map(Path::toString)
            .map(file -> "echo 0 > '" + file + "' || exit 99\n")
            .collect(Collectors.joining());
    // The script says when it is inside: nothing is measured before.
    List<String> command = new ArrayList<>(List.of("sh", "-c", enter + "echo inside; " + script));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    process.getOutputStream().close();
    Inhabitant started = new Inhabitant(process);
    String first = started.readLine();
    if (!"inside".equals(first)) {
      throw new IOException("did not enter " + group.path() + ": " + first);
    }
    return started;
  }

  int pid() {
    return (int) process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** The next line of output, read byte by byte to take no more; null at the end. */
  String readLine() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c; (c = process.getInputStream().read()) != '\n'; ) {
      if (c < 0) {
        return null;
      }
      line.append((char) c);
    }
    return line.toString();
  }

  /** Its status as a shell would say it: 128 and the signal for who was killed. */
  int await() throws InterruptedException {
    if (!process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("still runs: " + process.info().commandLine().orElse(""));
    }
    return process.exitValue();
  }

  String output() throws IOException {
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  /** How long a script takes inside, once it is there. */
  static Duration time(Cgroup group, String script) throws IOException, InterruptedException {
    Inhabitant inhabitant = start(group, script);
    long start = System.nanoTime();
    int status = inhabitant.await();
    Duration time = Duration.ofNanos(System.nanoTime() - start);
    if (status != 0) {
      throw new AssertionError("status " + status + " of " + script);
    }
    return time;
  }
}
