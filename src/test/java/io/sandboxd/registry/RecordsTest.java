package io.sandboxd.registry;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.Owner;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.StoredForm;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.NetworkStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordsTest {
  @TempDir private Path directory;

  private Records<NetworkStatus> records() {
    return new Records<>(
        directory.resolve("networks"), "network", NetworkStatus.class, StoredRules::check);
  }

  private static NetworkStatus network(String name) {
    return new NetworkStatus(
        StoredForm.VERSION,
        name,
        Owner.ROOT,
        Instant.ofEpochSecond(1_700_000_000),
        "sbr000012345678",
        "02:00:00:00:00:01",
        List.of(Cidr.parse("10.0.0.0/24")),
        List.of(IpAddress.parse("10.0.0.1")),
        false,
        true,
        false,
        1500,
        null);
  }

  @Test
  void whatIsThereIsThereAgain() {
    Records<NetworkStatus> records = records();
    assertFalse(records.isInUse());
    records.add(network("b"));
    records.add(network("a"));
    SandboxException taken = assertThrows(SandboxException.class, () -> records.add(network("a")));
    assertEquals(ErrorCode.NAME_IN_USE, taken.code());
    Records<NetworkStatus> later = records();
    assertTrue(later.isInUse());
    assertEquals(List.of(network("a"), network("b")), later.restore());
    later.remove(network("a"));
    later.remove(network("a"));
    assertEquals(List.of(network("b")), records().restore());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "version" : 1                 | "version" : 9
          "version" : 1,                |
          "name" : "a"                  | "name" : "b"
          "10.0.0.0/24"                 |
          "10.0.0.0/24"                 | null
          "10.0.0.0/24"                 | "10.0.0.0/24", "fd00::/64"
          [ "10.0.0.1" ]                | null
          "10.0.0.1"                    | "10.0.1.1"
          "10.0.0.1"                    | "10.0.0.1", "10.0.0.2"
          "02:00:00:00:00:01"           | "02"
          "sbr000012345678"             | null
          "mtu" : 1500                  | "mtu" : "x"
          }                             |
          """)
  void whatCannotBeTrueIsLeftWhereItIs(String from, String to) throws IOException {
    records().add(network("a"));
    Path file = directory.resolve("networks/a.json");
    String text = Files.readString(file);
    assertTrue(text.contains(from), text);
    String damaged = text.replace(from, to == null ? "" : to);
    Files.writeString(file, damaged);
    Records<NetworkStatus> records = records();
    assertEquals(List.of(), assertDoesNotThrow(records::restore));
    assertTrue(records.hasUnreadable());
    assertThrows(SandboxException.class, () -> records.add(network("a")));
    assertEquals(damaged, Files.readString(file));
  }
}
