package io.sandboxd.sandbox.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.fasterxml.jackson.databind.JsonNode;
import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.ExecRequest;
import io.sandboxd.sandbox.IdOrName;
import io.sandboxd.sandbox.KillRequest;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.Signal;
import io.sandboxd.sandbox.Specs;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read, and that it is written back in the contract's form. */
class RequestJsonTest {
  @Test
  void everyFieldGoesThereAndBack() {
    SandboxSpec spec = Specs.checked(Specs.FULL);
    byte[] written = SpecJson.write(spec);
    assertEquals(spec, SpecJson.read(written, SandboxSpec.class));
    assertEquals(SpecJson.readTree(written), SpecJson.toTree(spec));
  }

  @Test
  void everyFieldArrives() {
    JsonNode asked = SpecJson.readTree(Specs.bytes(Specs.FULL));
    JsonNode written = SpecJson.toTree(Specs.read(Specs.FULL));
    asked
        .fieldNames()
        .forEachRemaining(name -> assertFalse(written.path(name).isMissingNode(), name));
    assertEquals(asked.path("process").size(), written.path("process").size());
    assertEquals(67_108_864, written.at("/resources/memory/max").longValue());
    assertEquals(604_800, written.at("/timeOffsets/boottime").longValue());
    assertEquals(3_600, written.path("ttl").longValue());
    assertEquals("new", written.at("/namespaces/default").textValue());
    assertEquals("www-data", written.at("/process/user/gid").textValue());
    assertEquals("unlimited", written.at("/process/rlimits/stack/hard").textValue());
    assertEquals(asked.at("/process/rlimits"), written.at("/process/rlimits"));
    assertEquals(asked.at("/idMappings"), written.at("/idMappings"));
    assertEquals(asked.at("/namespaces"), written.at("/namespaces"));
    assertEquals(asked.at("/mounts"), written.at("/mounts"));
  }

  @Test
  void whatIsNotSaidIsNotWritten() {
    assertEquals("{}", new String(SpecJson.write(Specs.read("{}")), StandardCharsets.UTF_8));
    assertEquals(
        Specs.read("{}"), Specs.read("{\"name\": null, \"resources\": null, \"mounts\": null}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"pid\":\"host\"}",
        "{\"default\":\"host\",\"network\":\"new\"}",
        "{\"mount\":{\"sandbox\":\"other\"},\"network\":{\"path\":\"/run/netns/blue\"}}"
      })
  void namespacesGoThereAndBack(String json) {
    SandboxSpec spec = Specs.read("{\"namespaces\": " + json + "}");
    assertEquals(json, SpecJson.toTree(spec).get("namespaces").toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          5            | 5   | 5   | 5
          "unlimited"  | -1  | -1  | "unlimited"
          0            | 0   | 0   | 0
          {"soft":1,"hard":2}                     | 1  | 2  | {"soft":1,"hard":2}
          {"hard":"unlimited","soft":9}           | 9  | -1 | {"soft":9,"hard":"unlimited"}
          {"soft":"unlimited","hard":"unlimited"} | -1 | -1 | "unlimited"
          {"soft":7,"hard":7}                     | 7  | 7  | 7
          """)
  void rlimits(String json, long soft, long hard, String written) {
    ProcessSpec.Rlimit limit = SpecJson.read(Specs.bytes(json), ProcessSpec.Rlimit.class);
    assertEquals(new ProcessSpec.Rlimit(soft, hard), limit);
    assertEquals(written, SpecJson.toTree(limit).toString());
  }

  @Test
  void usersAreNumbersOrNames() {
    ProcessSpec.User user =
        SpecJson.read(
            Specs.bytes(
                "{\"uid\": \"1000\", \"gid\": \"www\", \"additionalGids\": [4294967294, \"08\"]}"),
            ProcessSpec.User.class);
    assertEquals(
        new ProcessSpec.User(
            IdOrName.of(1_000),
            IdOrName.named("www"),
            List.of(IdOrName.of(4_294_967_294L), IdOrName.of(8))),
        user);
  }

  @Test
  void integersAreNumbersToo() {
    SandboxSpec spec = Specs.read("{\"resources\": {\"cpu\": {\"max\": 2}}, \"ttl\": 0.25}");
    assertEquals(2.0, spec.resources().cpu().max());
    assertEquals(Duration.ofMillis(250), spec.ttl());
  }

  @Test
  void execHasTheFieldsOfAProcess() {
    ExecRequest request =
        SpecJson.read(
            Specs.bytes(
                "{\"id\": \"e\", \"wait\": true, \"input\": \"é\", \"maxOutput\": \"2Mi\","
                    + " \"args\": [\"cat\"], \"env\": {\"A\": \"b\"}, \"timeout\": 1}"),
            ExecRequest.class);
    assertEquals(true, request.waits());
    assertEquals(2 << 20, request.outputLimit());
    assertEquals("é", new String(request.inputBytes(), StandardCharsets.UTF_8));
    assertEquals(List.of("cat"), request.process().args());
    assertEquals(Map.of("A", "b"), request.process().env());
    assertEquals(Duration.ofSeconds(1), request.process().timeout());
  }

  @Test
  void execFieldsAreThoseOfProcessAndItsOwn() {
    List<String> own = List.of("id", "waitForEnd", "input", "inputBase64", "maxOutput");
    List<String> fields =
        Stream.of(ExecRequest.class.getRecordComponents())
            .map(RecordComponent::getName)
            .filter(name -> !own.contains(name))
            .toList();
    List<String> process =
        Stream.of(ProcessSpec.class.getRecordComponents()).map(RecordComponent::getName).toList();
    assertEquals(process, fields);
  }

  @Test
  void execDefaults() {
    ExecRequest request = SpecJson.read(Specs.bytes("{\"args\": [\"x\"]}"), ExecRequest.class);
    assertFalse(request.waits());
    assertEquals(1 << 20, request.outputLimit());
    assertNull(request.inputBytes());
    assertEquals(new ByteSize(1 << 20), ExecRequest.DEFAULT_MAX_OUTPUT);
  }

  @Test
  void killTakesNamesAndNumbers() {
    assertEquals(
        new KillRequest(Signal.INT, null, null),
        SpecJson.read(Specs.bytes("{\"signal\": \"SIGINT\"}"), KillRequest.class));
    KillRequest all =
        SpecJson.read(Specs.bytes("{\"signal\": 15, \"all\": true}"), KillRequest.class);
    assertEquals(Signal.TERM, all.signalOrDefault());
    assertEquals(true, all.toAll());
    KillRequest empty = SpecJson.read(Specs.bytes("{}"), KillRequest.class);
    assertEquals(Signal.KILL, empty.signalOrDefault());
    assertEquals("main", empty.processOrDefault());
  }
}
