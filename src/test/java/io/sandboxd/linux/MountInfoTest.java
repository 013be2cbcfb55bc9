package io.sandboxd.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MountInfoTest {
  @Test
  void readsALine() {
    MountInfo mount =
        MountInfo.parse(
            "36 35 98:0 /m1 /mnt\\0402 rw,noatime master:1 - ext3 /dev/root rw,errors=continue");
    assertEquals("/m1", mount.root());
    assertEquals("/mnt 2", mount.point());
    assertEquals(List.of("rw", "noatime"), mount.options());
    assertEquals("ext3", mount.type());
    assertEquals("/dev/root", mount.source());
    assertEquals(List.of("rw", "errors=continue"), mount.superOptions());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "-",
        "1 2 3 4 5 - a b c",
        "36 35 98:0 / /mnt rw - ext4",
        "a b c d e f g h i j"
      })
  void whatIsNoneIsNone(String line) {
    assertNull(MountInfo.parse(line));
  }
}
