package io.sandboxd.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.sandbox.NamespaceSource;
import io.sandboxd.sandbox.NamespaceType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Plans are pure data, so that what would be done can be read, and any change of it is seen in a
 * review.
 */
class LaunchPlannerTest {
  /**
   * Each NAME.json has its plan beside it in NAME.plan; {@code
   * -Dplans.rewrite=src/test/resources/plans} writes them anew, for a look at the difference.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "defaults",
        "all-host",
        "only-network",
        "root",
        "overlay",
        "root-host-user",
        "mounts",
        "joined",
        "time"
      })
  void plansAsWritten(String name) throws IOException {
    LaunchRequest request = LaunchRequests.read(name);
    String actual =
        "enter\n"
            + LaunchPlanner.enter(request).text()
            + "furnish\n"
            + LaunchPlanner.furnish(request).text();
    String rewrite = System.getProperty("plans.rewrite");
    if (rewrite != null) {
      Files.writeString(Path.of(rewrite, name + ".plan"), actual);
    }
    assertEquals(LaunchRequests.resource(name + ".plan"), actual);
  }

  /** Without its options they would end for the whole host. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"namespaces\":{\"user\":\"host\",\"cgroup\":\"host\"}}",
        "{\"namespaces\":{\"user\":\"host\",\"cgroup\":{\"path\":\"/proc/1/ns/cgroup\"}}}",
        "{\"namespaces\":{\"cgroup\":\"host\",\"network\":\"host\"},"
            + "\"mounts\":[{\"destination\":\"/c\",\"type\":\"cgroup2\"}]}"
      })
  void cgroup2OfTheHostIsMountedAsItIs(String json) {
    List<String> mounts =
        LaunchPlanner.furnish(LaunchRequests.request(json))
            .text()
            .lines()
            .filter(line -> line.contains("\"cgroup2\""))
            .toList();
    assertEquals(1, mounts.size());
    assertTrue(mounts.get(0).contains("[nsdelegate, memory_recursiveprot]"), mounts.get(0));
  }

  @Test
  void equalRequestsGiveEqualPlans() {
    String json = "{\"sysctls\":{\"net.b\":\"1\",\"net.a\":\"2\"}}";
    assertEquals(
        LaunchPlanner.furnish(LaunchRequests.request(json)),
        LaunchPlanner.furnish(LaunchRequests.request(json)));
  }

  /** Whoever is in a new user namespace may join nothing more. */
  @Test
  void theUserNamespaceIsJoinedLast() {
    StringBuilder json = new StringBuilder("{\"namespaces\":{");
    for (NamespaceType type : NamespaceType.values()) {
      json.append('"')
          .append(type.word())
          .append("\":{\"path\":\"/run/")
          .append(type.word())
          .append("\"},");
    }
    json.setCharAt(json.length() - 1, '}');
    Plan plan = LaunchPlanner.enter(LaunchRequests.request(json.append('}').toString()));
    List<FdSource> joined = new ArrayList<>();
    for (Step step : plan.steps()) {
      if (step.op() == Op.SETNS) {
        joined.add(plan.fds().get(((Long) step.args().get(0)).intValue()));
      }
    }
    assertEquals(8, joined.size());
    assertEquals(
        new FdSource.Namespace(NamespaceType.USER, new NamespaceSource.OfPath("/run/user")),
        joined.get(7));
  }

  /**
   * The cgroup namespace takes for its root where its maker is, so the maker must be there first.
   */
  @Test
  void initIsInItsCgroupBeforeACgroupNamespaceIsMade() {
    List<Op> ops = entering("{}");
    assertEquals(List.of(Op.CLONE_INTO, Op.UNSHARE), ops.subList(ops.size() - 2, ops.size()));
    assertFalse(ops.contains(Op.WRITE_FD));
  }

  /** There nobody may clone into a cgroup of the host's. */
  @ParameterizedTest
  @ValueSource(strings = {"user", "cgroup"})
  void whoJoinsSuchANamespaceEntersItsCgroupBefore(String type) {
    List<Op> ops = entering("{\"namespaces\":{\"" + type + "\":{\"sandbox\":\"other\"}}}");
    assertTrue(ops.indexOf(Op.WRITE_FD) < ops.indexOf(Op.SETNS));
    assertEquals(ops.size() - 1, ops.indexOf(Op.CLONE));
  }

  private static List<Op> entering(String json) {
    return LaunchPlanner.enter(LaunchRequests.request(json)).steps().stream()
        .map(Step::op)
        .toList();
  }

  /** A mount namespace that is not the sandbox's own is left as it is. */
  @Test
  void nothingIsMountedInTheHostsNamespace() {
    Plan plan =
        LaunchPlanner.furnish(LaunchRequests.request("{\"namespaces\":{\"mount\":\"host\"}}"));
    assertFalse(
        plan.steps().stream()
            .anyMatch(
                s ->
                    Set.of(Op.ATTACH, Op.MOUNT, Op.MOUNT_SETATTR, Op.NEW_MOUNT, Op.PIVOT_ROOT)
                        .contains(s.op())));
  }

  /**
   * All targets are resolved inside the root by descriptor, except where the new tree itself is put
   * in place.
   */
  @Test
  void targetsAreResolvedInTheRoot() {
    String json =
        "{\"root\":{\"path\":\"/srv/r\"},\"mounts\":[{\"destination\":\"/data\",\"type\":\"tmpfs\"}]}";
    Plan plan = LaunchPlanner.furnish(LaunchRequests.request(json));
    Set<Object> inside = new HashSet<>(Set.of(Mounts.ROOT_SLOT));
    for (Step step : plan.steps()) {
      if (step.op() == Op.ATTACH && !step.args().get(2).equals("")) {
        assertTrue(inside.contains(step.args().get(1)), step.toString());
        inside.add(step.args().get(0)); // what is mounted inside is inside
      }
    }
  }
}
