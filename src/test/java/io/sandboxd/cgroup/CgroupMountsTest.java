package io.sandboxd.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sandboxd.cgroup.CgroupMounts.Mount;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CgroupMountsTest {
  @Test
  void findsTheOneHierarchyOfDebian12() {
    String mountinfo =
        """
        22 27 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw
        27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
        26 23 0:25 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
        """;
    assertEquals(
        List.of(
            new Mount(
                "/sys/fs/cgroup",
                true,
                Set.of(),
                true,
                List.of("nsdelegate", "memory_recursiveprot"))),
        CgroupMounts.parse(mountinfo));
  }

  @Test
  void findsEachUsefulHierarchyOfAHybridHostWithCgroup2First() {
    String mountinfo =
        """
        31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
        32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:3 master:7 - cgroup cgroup rw,cpu,cpuacct
        35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
        36 31 0:33 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices
        40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
        42 31 0:39 / /sys/fs/cgroup/net_cls,net_prio rw,relatime - cgroup cgroup rw,net_cls,net_prio
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
        """;
    assertEquals(
        List.of(
            new Mount("/sys/fs/cgroup/unified", true, Set.of(), true, List.of()),
            new Mount(
                "/sys/fs/cgroup/cpu,cpuacct", false, Set.of("cpu", "cpuacct"), true, List.of()),
            new Mount("/sys/fs/cgroup/memory", false, Set.of("memory"), true, List.of()),
            new Mount("/sys/fs/cgroup/devices", false, Set.of("devices"), true, List.of())),
        CgroupMounts.parse(mountinfo));
  }

  @Test
  void prefersAWholeHierarchyToABindMountOfAGroupInIt() {
    String mountinfo =
        """
        50 31 0:25 /docker/4f2 /var/lib/some/cgroup rw - cgroup2 cgroup2 rw
        51 31 0:25 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
        52 31 0:25 / /srv/chroot/sys/fs/cgroup rw - cgroup2 cgroup2 rw
        """;
    assertEquals("/sys/fs/cgroup", CgroupMounts.parse(mountinfo).get(0).point());
  }

  @Test
  void takesABindMountWhereThereIsNothingElse() {
    String mountinfo = "50 31 0:25 /docker/4f2 /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    assertEquals(
        List.of(new Mount("/sys/fs/cgroup", true, Set.of(), false, List.of())),
        CgroupMounts.parse(mountinfo));
  }

  @Test
  void decodesOctalEscapesInMountPoints() {
    String mountinfo = "51 31 0:25 / /mnt/a\\040b\\134c rw - cgroup2 cgroup2 rw\n";
    assertEquals("/mnt/a b\\c", CgroupMounts.parse(mountinfo).get(0).point());
  }

  @Test
  void skipsLinesThatAreNotOfTheFormat() {
    assertEquals(
        List.of(), CgroupMounts.parse("\n- cgroup2\n1 2 3 - cgroup2 x rw\n51 31 0:25 / /x rw -\n"));
  }
}
