package io.sandboxd.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sandboxd.sandbox.NamespaceType;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlankKindTest {
  private static Optional<BlankKind> of(String json) {
    return BlankKind.of(LaunchRequests.request(json).spec());
  }

  @Test
  void copiesOfTheHostsAreMadeWhenTheyAreAskedFor() {
    Set<NamespaceType> ahead =
        Set.of(
            NamespaceType.USER,
            NamespaceType.PID,
            NamespaceType.NETWORK,
            NamespaceType.IPC,
            NamespaceType.CGROUP);
    assertEquals(ahead, of("{}").orElseThrow().namespaces());
    assertEquals(of("{}"), of("{\"namespaces\":{\"mount\":\"host\",\"uts\":\"host\"}}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"namespaces\":{\"ipc\":{\"sandbox\":\"other\"}}}",
        "{\"namespaces\":{\"mount\":{\"path\":\"/proc/1/ns/mnt\"}}}",
        "{\"idMappings\":{\"uid\":[{\"containerID\":0,\"hostID\":200000,\"size\":1}],"
            + "\"gid\":[{\"containerID\":0,\"hostID\":200000,\"size\":1}]}}",
        "{\"timeOffsets\":{\"boottime\":\"1s\"}}"
      })
  void whatHasToBeKnownBeforeCannotBeMadeAhead(String json) {
    assertEquals(Optional.empty(), of(json));
  }

  /**
   * Whatever one does, a blank that is furnished has the steps of a sandbox that is made at once.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"namespaces\":{\"default\":\"host\"}}",
        "{\"namespaces\":{\"mount\":\"host\",\"time\":\"new\"},\"hostname\":\"h\"}",
        "{\"namespaces\":{\"user\":\"host\"},\"root\":{\"path\":\"/srv/r\"}}"
      })
  void noStepIsMissing(String json) {
    LaunchRequest request = LaunchRequests.request(json);
    BlankKind kind = BlankKind.of(request.spec()).orElseThrow();
    Plan ahead = LaunchPlanner.enterBlank(kind, request.cgroupEntrances());
    Plan claimed = LaunchPlanner.furnishBlank(request, "web");
    Plan enter = LaunchPlanner.enter(request);
    Plan furnish = LaunchPlanner.furnish(request);

    assertEquals(namespaces(enter), namespaces(ahead) | namespaces(claimed));
    assertEquals(0, namespaces(ahead) & namespaces(claimed));
    assertEquals(others(enter.steps()), others(ahead.steps()));
    assertEquals(enter.fds(), ahead.fds());
    assertEquals(new Step("take the name", null, Op.NAME, List.of("web")), claimed.steps().get(0));
    assertEquals(furnish.steps(), others(claimed.steps()));
    assertEquals(furnish.fds(), claimed.fds());
  }

  private static boolean makesNamespaces(Step step) {
    return Set.of(Op.CLONE, Op.CLONE_INTO, Op.UNSHARE).contains(step.op());
  }

  private static long namespaces(Plan plan) {
    return plan.steps().stream()
        .filter(BlankKindTest::makesNamespaces)
        .mapToLong(step -> (Long) step.args().get(0))
        .reduce(0, (all, one) -> all | one);
  }

  private static List<Step> others(List<Step> steps) {
    return steps.stream().filter(step -> !makesNamespaces(step) && step.op() != Op.NAME).toList();
  }
}
