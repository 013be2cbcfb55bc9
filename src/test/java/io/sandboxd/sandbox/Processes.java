package io.sandboxd.sandbox;

import io.sandboxd.sandbox.json.SpecJson;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Processes for tests that do not care what they are. */
public final class Processes {
  private Processes() {}

  public static ProcessStatus starting(String id, int seq, Instant at, String... args) {
    byte[] spec = SpecJson.write(Map.of("args", List.of(args)));
    ProcessTerms terms = new ProcessTerms(4 << 20, 0, null, false, null, null);
    return ProcessStatus.starting(id, seq, SpecJson.read(spec, ProcessSpec.class), at, terms);
  }
}
