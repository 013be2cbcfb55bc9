package io.sandboxd.api;

import io.sandboxd.Fuzz;
import io.sandboxd.linux.MountInfo;
import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.Capability;
import io.sandboxd.sandbox.Durations;
import io.sandboxd.sandbox.IdOrName;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.Signal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What is read out of paths, queries, headers and short texts. */
class FuzzedRequestTest {
  private static final Caller ROOT = Caller.of(0, 0, Set.of(), 1, null);

  private static void fuzz(String what, Consumer<String> parser, String... seeds) {
    Fuzz.text(
        what,
        List.of(seeds),
        input -> {
          try {
            parser.accept(new String(input, StandardCharsets.UTF_8));
          } catch (SandboxException | IllegalArgumentException e) {
            // Refused in words: those of the second are put into a problem by who asked.
            if (e.getMessage() == null || e instanceof NumberFormatException) {
              throw e;
            }
          }
        });
  }

  @Test
  void paths() {
    fuzz(
        "a path",
        text ->
            Endpoint.at(text)
                .forEach(
                    endpoint ->
                        endpoint
                            .values(text)
                            .values()
                            .forEach(
                                value -> {
                                  if (!value.matches(SandboxSpec.NAME)) {
                                    throw new IllegalStateException(value);
                                  }
                                })),
        "/v1/sandboxes",
        "/v1/sandboxes/web",
        "/v1/sandboxes/web/processes/main/output",
        "/v1/system/leaks");
  }

  @Test
  void queriesAndHeaders() {
    fuzz("a range", ByteRange::of, "bytes=0-1", "bytes=5-", "bytes=-5", "bytes=0-1,2-3");
    fuzz("a count", text -> Query.count("offset", text), "0", "12", "999999999999999999");
    fuzz("a key", Query::key, "abc", "6f9619ff-8b86-d011-b42d-00cf4fc964ff");
    fuzz("a time", text -> Query.duration("timeout", text), "1s", "1h30m", "0.5");
    fuzz(
        "a type",
        text -> EventFilter.of(List.of(text), List.of(text), ROOT),
        "audit",
        "sandbox.oom");
  }

  @Test
  void values() {
    fuzz("a size", ByteSize::parse, "1Mi", "12", "1.5Gi", "max", "9223372036854775807");
    fuzz("a duration", Durations::parse, "1s", "1h30m", "1.5d", "100ms");
    fuzz("an id", IdOrName::parse, "0", "www-data", "4294967294");
    fuzz("a signal", Signal::parse, "KILL", "SIGTERM", "RTMIN+1", "RTMAX-30", "9");
    fuzz("a capability", Capability::find, "CAP_NET_ADMIN", "net_raw");
    fuzz(
        "a mount",
        MountInfo::parse,
        "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 - ext3 /dev/root rw,errors=continue",
        "25 30 0:23 / /sys/fs/cgroup ro - cgroup2 cgroup rw");
  }
}
