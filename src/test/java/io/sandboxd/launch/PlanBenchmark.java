package io.sandboxd.launch;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/** What each create computes before it asks anything of the kernel. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class PlanBenchmark {
  private final LaunchRequest request =
      LaunchRequests.request(
          """
          {"root": {"path": "/srv/alpine", "readonly": true}, "namespaces": {"user": "host"}}
          """);

  private final Plan plan = LaunchPlanner.furnish(request);

  @Benchmark
  public void planSandbox(Blackhole sink) {
    sink.consume(LaunchPlanner.enter(request));
    sink.consume(LaunchPlanner.furnish(request));
  }

  @Benchmark
  public byte[] encodePlan() {
    return PlanEncoder.encode(1, 1, plan.steps());
  }
}
