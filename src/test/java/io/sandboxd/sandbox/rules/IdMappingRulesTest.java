package io.sandboxd.sandbox.rules;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sandboxd.sandbox.IdMapping;
import io.sandboxd.sandbox.SandboxSpec.IdMappings;
import io.sandboxd.sandbox.Specs;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IdMappingRulesTest {
  @ParameterizedTest
  @CsvSource({
    "0 0 1",
    "0 100000 65536",
    "0 0 4294967295",
    "0 4294967294 1",
    "0 1000 1; 1 100000 65536",
    "1 100000 65536; 0 1000 1",
    "0 10 10; 10 0 10"
  })
  void taken(String lines) {
    assertDoesNotThrow(() -> Specs.checked(spec("uid", lines)));
    assertDoesNotThrow(() -> Specs.checked(spec("gid", lines)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0 0 0                      | [0].size        | must be 1 or more
          0 0 -1                     | [0].size        | must be 1 or more
          -1 0 1                     | [0].containerID | must be 0 to 4294967294
          4294967295 0 1             | [0].containerID | must be 0 to 4294967294
          0 4294967295 1             | [0].hostID      | must be 0 to 4294967294
          0 1 4294967295             | [0].hostID      | go beyond the last id
          0 0 4294967296             | [0].containerID | go beyond the last id
          0 4294960000 65536; 9 1 1  | [0].hostID      | go beyond the last id
          0 0 9223372036854775807    | [0].containerID | go beyond the last id
          0 0 10; 9 100 10           | [1].containerID | is mapped by another line too
          5 100 10; 0 200 6          | [0].containerID | is mapped by another line too
          0 100 10; 10 109 10        | [1].hostID      | is mapped by another line too
          0 100 10; 0 200 10         | [1].containerID | is mapped by another line too
          1 100000 65536             | ''              | must map containerID 0
          """)
  void refused(String lines, String field, String saying) {
    Specs.assertRefused("idMappings.uid" + field, saying, () -> Specs.checked(spec("uid", lines)));
    Specs.assertRefused("idMappings.gid" + field, saying, () -> Specs.checked(spec("gid", lines)));
  }

  @Test
  void linesAreCounted() {
    assertDoesNotThrow(() -> Specs.checked(spec("uid", many(340))));
    Specs.assertRefused(
        "idMappings.uid", "at most 340 lines", () -> Specs.checked(spec("uid", many(341))));
  }

  /** The kernel wants the whole text in less than a page, whatever the count. */
  @Test
  void theTextIsMeasured() {
    String wide =
        IntStream.range(0, 200)
            .mapToObj(i -> (i == 0 ? 0 : 1_000_000_000L + i) + " " + (2_000_000_000L + i) + " 1")
            .collect(Collectors.joining("; "));
    Specs.assertRefused(
        "idMappings.uid",
        "and the kernel reads less than 4096",
        () -> Specs.checked(spec("uid", wide)));
  }

  @Test
  void nullLinesAreRefused() {
    Specs.assertRefused(
        "idMappings.gid[0]",
        "must not be null",
        () -> Specs.checked("{\"idMappings\": {\"gid\": [null]}}"));
  }

  @Test
  void anEmptyListIsAsTheOther() {
    List<IdMapping> lines = List.of(new IdMapping(0, 7, 9));
    assertEquals(lines, new IdMappings(lines, List.of()).gidLines());
    assertEquals(lines, new IdMappings(null, lines).uidLines());
    assertEquals(List.of(), new IdMappings(null, List.of()).uidLines());
  }

  private static String many(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> i + " " + i + " 1")
        .collect(Collectors.joining("; "));
  }

  private static String spec(String kind, String lines) {
    String json =
        List.of(lines.split("; ")).stream()
            .map(line -> line.split(" "))
            .map(
                l ->
                    "{\"containerID\": %s, \"hostID\": %s, \"size\": %s}"
                        .formatted(l[0], l[1], l[2]))
            .collect(Collectors.joining(","));
    return "{\"idMappings\": {\"" + kind + "\": [" + json + "]}}";
  }
}
