package io.sandboxd.launch;

import static io.sandboxd.sandbox.Specs.bytes;

import io.sandboxd.Fuzz;
import io.sandboxd.linux.FakeSyscalls;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.ExecRequest;
import io.sandboxd.sandbox.KillRequest;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.Specs;
import io.sandboxd.sandbox.json.SpecJson;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Whatever a client sends becomes a plan or a refusal; whatever an init sends, a message or none.
 */
class FuzzedLaunchTest {
  private static final Set<ErrorCode> REFUSALS =
      Set.of(ErrorCode.MALFORMED, ErrorCode.INVALID_SPEC);

  private static void refusedOr(Runnable action) {
    try {
      action.run();
    } catch (SandboxException e) {
      if (!REFUSALS.contains(e.code())) {
        throw e;
      }
    }
  }

  private static List<byte[]> specs() throws IOException {
    List<byte[]> specs = new ArrayList<>(List.of(bytes(Specs.FULL)));
    for (String name :
        List.of("all-host", "defaults", "joined", "mounts", "overlay", "root", "time")) {
      specs.add(bytes(LaunchRequests.resource(name + ".json")));
    }
    return specs;
  }

  @Test
  void specsBecomePlansOrAreRefused() throws IOException {
    Fuzz.json(
        "a spec",
        specs(),
        input ->
            refusedOr(
                () -> {
                  SandboxSpec spec = SpecJson.read(input, SandboxSpec.class);
                  Specs.VALIDATOR.check(spec);
                  LaunchRequest request =
                      LaunchRequests.request(new String(input, StandardCharsets.UTF_8));
                  PlanEncoder.encode(1, 1, LaunchPlanner.enter(request).steps());
                  PlanEncoder.encode(1, 1, LaunchPlanner.furnish(request).steps());
                }));
  }

  @Test
  void otherBodiesAreReadOrRefused() {
    SandboxSpec sandbox = Specs.read(Specs.FULL);
    Fuzz.json(
        "an exec",
        List.of(
            bytes(
                "{\"id\":\"a\",\"args\":[\"sh\",\"-c\",\"x\"],\"env\":{\"A\":\"b\"},\"wait\":true,\"input\":\"x\","
                    + "\"maxOutput\":\"1Mi\",\"timeout\":\"1s\",\"user\":{\"uid\":0},\"seccomp\":\"default\"}"),
            bytes(
                "{\"args\":[\"a\"],\"inputBase64\":\"AAAA\",\"tty\":true,\"rlimits\":{\"nofile\":1}}")),
        input ->
            refusedOr(
                () -> Specs.VALIDATOR.check(SpecJson.read(input, ExecRequest.class), sandbox)));
    Fuzz.json(
        "a kill",
        List.of(bytes("{\"signal\":\"RTMIN+3\"}"), bytes("{\"signal\":9}")),
        input -> refusedOr(() -> Specs.VALIDATOR.check(SpecJson.read(input, KillRequest.class))));
  }

  @Test
  void messagesOfAnInitAreUnderstoodOrMalformed() {
    FakeSyscalls kernel = new FakeSyscalls();
    List<byte[]> seeds =
        IntStream.rangeClosed(14, 25)
            .mapToObj(type -> message(type, 44))
            .collect(ArrayList::new, ArrayList::add, ArrayList::addAll);
    for (int size = 8; size < 60; size += 4) {
      for (int type = 16; type < 24; type++) {
        seeds.add(message(type, size));
      }
    }
    Fuzz.bytes(
        "a message of an init",
        seeds,
        input -> {
          List<Fd> fds = input.length % 3 == 0 ? List.of() : List.of(kernel.fd());
          try {
            InitMessage.decode(new Syscalls.Message(input, fds, 1));
          } catch (InitMessage.MalformedMessage e) {
            // As it should be.
          }
        });
  }

  private static byte[] message(int type, int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder()).putInt(0, type).array();
  }
}
