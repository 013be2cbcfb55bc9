package io.sandboxd.api;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ForeignPagesTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "localhost",
        "localhost:8080",
        "LocalHost:1",
        "localhost.",
        "sandboxd.localhost:8080",
        "api.moby.localhost",
        "127.0.0.1",
        "127.0.0.1:8080",
        "127.8.8.8:80",
        "[::1]",
        "[::1]:8080",
        "sandboxd",
        "x",
        "d",
        "unix",
        "my_host-1"
      })
  void hostsThatOnlyThisMachineCanBe(String host) {
    assertTrue(ForeignPages.isOurs(host));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "localhost.evil.example:8080",
        "evillocalhost.",
        "127.0.0.1.evil.example",
        "1270.0.0.1",
        "10.0.0.1:8080",
        "0.0.0.0:8080",
        "[::]:8080",
        "[fe80::1]:8080",
        "x:8080",
        "sandboxd:8080",
        "x.",
        "user@localhost",
        "localhost:8080:8080",
        "localhost/evil.example",
        "localhost\u0000",
        "localhost, evil.example",
        " localhost"
      })
  void hostsThatSomebodyElseCanBe(String host) {
    assertFalse(ForeignPages.isOurs(host));
  }

  @ParameterizedTest
  @CsvSource({
    "localhost:8080, http://localhost:8080, true",
    "LOCALHOST:8080, http://localhost:8080, true",
    "[::1]:8080, http://[::1]:8080, true",
    "localhost, https://localhost, true",
    "localhost:8080, http://localhost:3000, false",
    "localhost:8080, http://localhost, false",
    "localhost:8080, http://127.0.0.1:8080, false",
    "localhost:8080, http://evil.example, false",
    "localhost:8080, http://evil.example/localhost:8080, false",
    "localhost:8080, null, false",
    "localhost:8080, '', false",
    "localhost:8080, file://localhost:8080, false"
  })
  void pagesOfTheSameHostAndPort(String host, String origin, boolean same) {
    assertTrue(ForeignPages.isOf(List.of(host), origin) == same);
  }
}
