package io.sandboxd.sandbox.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxStatus;
import io.sandboxd.sandbox.Specs;
import io.sandboxd.sandbox.json.SpecJson;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SandboxPatchTest {
  private static final SandboxStatus NOW =
      SandboxStatus.creating("id", "web", Specs.read(Specs.FULL), Instant.EPOCH);

  @Test
  void whatIsNotNamedStays() {
    SandboxPatch patch = patch("{}");
    assertEquals(NOW.labels(), patch.labels());
    assertEquals(NOW.resources(), patch.resources());
    assertFalse(patch.changesTtl());
  }

  @Test
  void whatIsNamedChanges() {
    SandboxPatch patch =
        patch(
            "{\"resources\": {\"memory\": {\"max\": \"1Gi\"}, \"cpu\": {\"weight\": 7}}, \"labels\": {\"b\": \"2\"},"
                + " \"ttl\": \"2h\"}");
    assertEquals(
        new Resources.Memory(new ByteSize(1 << 30), new ByteSize(48 << 20), new ByteSize(0)),
        patch.resources().memory());
    assertEquals(new Resources.Cpu(0.5, 7, "0-1,3"), patch.resources().cpu());
    assertEquals(NOW.resources().io(), patch.resources().io());
    assertEquals(Map.of("team", "a", "example.org/tier", "front end", "b", "2"), patch.labels());
    assertTrue(patch.changesTtl());
    assertEquals(Duration.ofHours(2), patch.ttl());
  }

  @Test
  void nullTakesAway() {
    SandboxPatch patch =
        patch(
            "{\"resources\": {\"memory\": {\"max\": null}, \"pids\": null, \"io\": null}, \"labels\": {\"team\": null},"
                + " \"ttl\": null}");
    assertNull(patch.resources().memory().max());
    assertEquals(new ByteSize(48 << 20), patch.resources().memory().high());
    assertNull(patch.resources().pids());
    assertNull(patch.resources().io());
    assertEquals(Map.of("example.org/tier", "front end"), patch.labels());
    assertTrue(patch.changesTtl());
    assertNull(patch.ttl());
  }

  @Test
  void nullTakesAllAway() {
    SandboxPatch patch = patch("{\"resources\": null, \"labels\": null}");
    assertEquals(Resources.NONE, patch.resources());
    assertEquals(Map.of(), patch.labels());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"name":"b"}                               | name                  | cannot be changed in a living sandbox; these can: labels, network, resources, ttl
          {"network":{"links":[]}}                   | network.links         | cannot be changed in a living sandbox; these can: egress, rates
          {"network":null}                           | network               | can be changed where there is one
          {"network":{"egress":{}}}                  | network.egress        | needs a network
          {"hostname":null}                          | hostname              | cannot be changed in a living sandbox
          {"resources":{"memory":{"mx":1}}}          | resources.memory.mx   | is not a known field
          {"resources":{"memory":{"max":"x"}}}       | resources.memory.max  | for example "64Mi"
          {"resources":{"memory":{"max":"2Mi"}}}     | resources.memory.high | must not be more than max
          {"resources":{"memory":5}}                 | resources.memory      | must be an object
          {"resources":[]}                           | resources             | must be an object
          {"resources":{"cpu":{"max":0}}}            | resources.cpu.max     | must be 0.01 or more
          {"labels":{"a b":"c"}}                     | labels["a b"]         | is not a label's name
          {"labels":{"a":5}}                         | labels.a              | must be a string
          {"ttl":0}                                  | ttl                   | must be a millisecond or more
          []                                         | body                  | must be an object
          5                                          | body                  | must be an object
          """)
  void refused(String patch, String field, String saying) {
    Specs.assertRefused(field, saying, () -> patch(patch));
  }

  @Test
  void limitsAlone() {
    Resources current = NOW.resources();
    assertEquals(current, resources(current, "{}"));
    assertEquals(Resources.NONE, resources(current, "null"));
    assertEquals(
        new Resources.Pids(5L), resources(Resources.NONE, "{\"pids\": {\"max\": 5}}").pids());
    Specs.assertRefused(
        "resources.pids.max", "1 or more", () -> resources(current, "{\"pids\": {\"max\": 0}}"));
    Specs.assertRefused(
        "resources.pid", "is not a known field", () -> resources(current, "{\"pid\": 1}"));
  }

  private static SandboxPatch patch(String json) {
    return SandboxPatch.of(NOW, SpecJson.readTree(Specs.bytes(json)), Specs.VALIDATOR);
  }

  private static Resources resources(Resources current, String json) {
    return SandboxPatch.resources(
        current, SpecJson.readTree(Specs.bytes("{\"p\": " + json + "}")).get("p"), Specs.VALIDATOR);
  }
}
