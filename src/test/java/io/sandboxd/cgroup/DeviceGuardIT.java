package io.sandboxd.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a list of devices means to the kernel, by a program on cgroup2 and by the v1 controller. */
class DeviceGuardIT extends OnRealHosts {
  private static final DeviceRule NULL = new DeviceRule(false, 1, 3, "rwm");
  private static final DeviceRule READ_ZERO = new DeviceRule(false, 1, 5, "r");
  private static final DeviceRule MAKE_ANY_BLOCK = new DeviceRule(true, null, null, "m");

  @ParameterizedTest
  @MethodSource("hosts")
  void onlyWhatIsAllowedCanBeUsed(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    group.devices().allowOnly(List.of(NULL, READ_ZERO, MAKE_ANY_BLOCK));
    String script =
        """
        attempt() { if (eval "$2") 2>/dev/null; then echo "$1 yes"; else echo "$1 no"; fi; }
        attempt write-null 'echo x >/dev/null'
        attempt read-zero 'head -c 1 /dev/zero >/dev/null'
        attempt write-zero 'echo x >/dev/zero'
        attempt read-random 'head -c 1 /dev/urandom >/dev/null'
        attempt make-block 'mknod %1$s/b b 7 200'
        attempt read-block 'head -c 1 %1$s/b >/dev/null'
        attempt make-char 'mknod %1$s/c c 10 200'
        """
            .formatted(scratch);
    Inhabitant inside = Inhabitant.start(group, script);
    String said = inside.output();
    inside.await();
    assertEquals(
        List.of(
            "write-null yes",
            "read-zero yes",
            "write-zero no",
            "read-random no",
            "make-block yes",
            "read-block no",
            "make-char no"),
        said.lines().toList(),
        host.toString());
    scratch.resolve("b").toFile().delete();
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void theKernelIsAskedWhatHolds(RealHost host) {
    List<DeviceRule> rules = List.of(NULL, READ_ZERO);
    Cgroup group = host.cgroups.create("a");
    assertEquals(List.of("a *:* rwm"), group.devices().allowed(rules), "nothing is set yet");
    group.devices().allowOnly(rules);
    assertEquals(List.of("c 1:3 rwm", "c 1:5 r"), group.devices().allowed(rules));
    assertEquals(
        List.of("c 1:3 rwm", "c 1:5 r"), host.again().of("a").devices().allowed(rules), "anew");
    List<String> others = group.devices().allowed(List.of(NULL));
    assertTrue(!others.equals(List.of("c 1:3 rwm")), "not what was not set: " + others);
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void aGroupMadeInsideGetsNoFurther(RealHost host) throws Exception {
    Cgroup group = host.cgroups.create("a");
    group.devices().allowOnly(List.of(NULL));
    Cgroup child = group.createChild("p1", null);
    Inhabitant inside = Inhabitant.start(child, "head -c 1 /dev/zero");
    assertEquals(1, inside.await());
  }
}
