package io.sandboxd.daemon;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SubordinateIdsTest {
  private static final long BASE = 1_000_000;

  @TempDir private Path directory;

  private List<Path> file(String text) throws IOException {
    return List.of(Files.writeString(directory.resolve("subuid"), text), directory.resolve("none"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a:100000:65536",
        "a:100000:900000",
        "# a:2000000:65536",
        "no line at all",
        "a:2000000:0",
        "a:2000000:-5",
        "a:x:y",
        "a:1:2:3"
      })
  void whatLiesBelowIsNoClash(String text) throws IOException {
    List<Path> files = file(text + "\n");
    assertDoesNotThrow(() -> SubordinateIds.keepClearOf(BASE, files));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a:999999:2",
        "a:100000:65536\nb:1000000:65536",
        "b:3000000000:1",
        "b:9223372036854775807:1",
        "b:5:9223372036854775807"
      })
  void whatReachesAboveIs(String text) throws IOException {
    List<Path> files = file(text);
    StartException refused =
        assertThrows(StartException.class, () -> SubordinateIds.keepClearOf(BASE, files));
    assertEquals(StartException.configuration("").exitCode(), refused.exitCode());
    assertTrue(refused.getMessage().contains("sandboxd.id-base"), refused.getMessage());
  }

  @Test
  void aBaseThatIsFreeIsNamed() throws IOException {
    List<Path> files = file("b:1000000:65536");
    StartException refused =
        assertThrows(StartException.class, () -> SubordinateIds.keepClearOf(BASE, files));
    assertTrue(refused.getMessage().contains("1114112"), refused.getMessage());
  }
}
