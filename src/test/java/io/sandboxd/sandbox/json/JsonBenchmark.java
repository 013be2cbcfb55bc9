package io.sandboxd.sandbox.json;

import io.sandboxd.sandbox.ExitStatus;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.Processes;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.Specs;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What comes from clients, what they are answered, and what is written down. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class JsonBenchmark {
  private final byte[] create =
      Specs.bytes(
          """
          {"name": "web", "root": {"path": "/srv/alpine", "readonly": true},
           "namespaces": {"pid": "new", "mount": "new", "network": "new", "ipc": "new", "uts": "new",
                          "cgroup": "new", "user": "host", "time": "host"},
           "process": {"args": ["/bin/true"]}}
          """);

  private final ProcessStatus process =
      Processes.starting("main", 1, Instant.parse("2024-06-01T12:00:00Z"), "/bin/true")
          .withPids(4711, 2)
          .exited(
              Instant.parse("2024-06-01T12:00:01Z"),
              new ExitStatus(0, null, ExitStatus.Reason.exited, null),
              new ProcessStatus.Usage(0.0004, 921_600, 0.0011, null));

  @Benchmark
  public SandboxSpec readAndCheckCreate() {
    return Specs.checkedBytes(create);
  }

  @Benchmark
  public byte[] answerProcess() {
    return SpecJson.write(process);
  }

  @Benchmark
  public byte[] storeProcess() {
    return StoredJson.write(process);
  }
}
