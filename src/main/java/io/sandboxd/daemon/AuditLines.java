package io.sandboxd.daemon;

import io.sandboxd.api.AuditSink;
import io.sandboxd.events.Event;
import io.sandboxd.sandbox.json.SpecJson;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The audit as lines of JSON among those of the log, each an object with the one field {@code
 * audit}.
 */
final class AuditLines implements AuditSink {
  private final PrintStream out;

  AuditLines(PrintStream out) {
    this.out = out;
  }

  @Override
  public void write(Event audited) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("audit", audited.call());
    if (audited.sandbox() != null) {
      line.put("sandbox", audited.sandbox());
    }
    out.println(new String(SpecJson.write(line), StandardCharsets.UTF_8));
  }
}
