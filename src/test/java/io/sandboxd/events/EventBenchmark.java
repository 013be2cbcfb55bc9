package io.sandboxd.events;

import io.sandboxd.sandbox.json.SpecJson;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What each event costs, whoever hears it. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class EventBenchmark {
  private final Event event =
      SpecJson.read(
          """
          {"id": 1763780123456, "time": "2026-01-02T03:04:05.678Z", "type": "process.exited",
           "sandbox": {"id": "0123456789abcdef", "name": "web"},
           "process": {"id": "main", "seq": 1, "pid": 4711, "sandboxPid": 2,
                       "startedAt": "2026-01-02T03:04:01Z", "exitedAt": "2026-01-02T03:04:05.6Z"},
           "exit": {"code": 0, "reason": "exited"},
           "usage": {"cpuSeconds": 0.0004, "maxRssBytes": 921600, "wallSeconds": 0.0011}}
          """
              .getBytes(StandardCharsets.UTF_8),
          Event.class);

  @Benchmark
  public EncodedEvent encodeEvent() {
    return EncodedEvent.of(event);
  }
}
